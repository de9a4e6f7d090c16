"""Who and what can get in, and what the state gives away."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conventions.tag_keys import TAG_KEYS
from synthesis.resources import EnvironmentStacks, Resource
from tools.policy import provider_facts
from tools.policy.rules.rule import Finding, Rules, equal, holds, present

_RULES = Rules()
rule = _RULES.rule
RULES = _RULES.collected

LEARN = "https://learn.microsoft.com/azure"
CLOSED = (
    "azurerm_container_registry",
    "azurerm_key_vault",
    "azurerm_postgresql_flexible_server",
    "azurerm_storage_account",
)
BROAD_ROLES = ("Owner", "User Access Administrator", "Role Based Access Control Administrator")


@rule(
    "AOA-S01",
    "Nothing that holds data answers from a public address",
    control="network",
    page=f"{LEARN}/private-link/private-link-overview",
)
def no_public_access(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Private endpoints and delegated subnets are the only ways in."""
    for resource in stacks.resources(*CLOSED):
        yield equal(resource, "public_network_access_enabled", False)
    for cluster in stacks.resources("azurerm_kubernetes_cluster"):
        yield equal(cluster, "private_cluster_enabled", True)
        yield equal(cluster, "private_cluster_public_fqdn_enabled", False)


@rule(
    "AOA-S02",
    "Connections use TLS 1.2 or newer",
    control="storage",
    page=f"{LEARN}/storage/common/transport-layer-security-configure-minimum-version",
)
def tls(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Older versions are broken, and retired by Azure."""
    for account in stacks.resources("azurerm_storage_account"):
        yield equal(account, "min_tls_version", "TLS1_2")
        yield equal(account, "https_traffic_only_enabled", True)
    parameters = {
        (server, parameter.get("name")): parameter.get("value")
        for parameter in stacks.resources("azurerm_postgresql_flexible_server_configuration")
        for server in stacks.referred(parameter.stack, parameter.get("server_id"))
    }
    for server in stacks.resources("azurerm_postgresql_flexible_server"):
        for name, allowed in (
            ("require_secure_transport", ("on",)),
            ("ssl_min_protocol_version", ("TLSv1.2", "TLSv1.3")),
        ):
            value = parameters.get((server, name))
            yield holds(server, kept=value in allowed, problem=f"parameter {name} is {value}")


@rule(
    "AOA-S03",
    "Whatever can have tags has all of ours",
    control="tags",
    page=f"{LEARN}/cloud-adoption-framework/ready/azure-best-practices/resource-tagging",
)
def tags(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Costs, owners and the class of data are found by tags."""
    for resource in stacks.resources():
        if resource.type in provider_facts.taggable():
            missing = sorted(set(TAG_KEYS) - set(resource.get("tags") or {}))
            yield holds(resource, kept=not missing, problem=f"lacks {', '.join(missing)}")
    for cluster in stacks.resources("azurerm_kubernetes_cluster"):
        tags = cluster.get("default_node_pool.tags")  # its machines get none from the cluster
        yield holds(cluster, kept=tags == cluster.get("tags"), problem="its system pool lacks tags")


@rule(
    "AOA-S04",
    "Every subnet has a security group, and no way out by default",
    control="network",
    page=f"{LEARN}/virtual-network/ip-services/default-outbound-access",
)
def subnets(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Default outbound access uses addresses that belong to nobody."""
    guarded = {
        resource
        for link in stacks.resources("azurerm_subnet_network_security_group_association")
        for resource in stacks.referred(link.stack, link.get("subnet_id"))
    }
    for subnet in stacks.resources("azurerm_subnet"):
        yield equal(subnet, "default_outbound_access_enabled", False)
        yield holds(subnet, kept=subnet in guarded, problem="has no security group")


@rule(
    "AOA-S05",
    "Security groups deny what they do not name, from inside the network too",
    control="network",
    page=f"{LEARN}/virtual-network/network-security-groups-overview",
)
def deny_by_default(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Azure's own rule AllowVnetInBound lets all subnets reach each other."""
    for group in stacks.resources("azurerm_network_security_group"):
        last: Mapping[str, Any] = max(
            group.all("security_rule"), key=lambda one: one["priority"], default={}
        )
        everything = ("direction", "access", "protocol", "source_address_prefix")
        kept = [last.get(name) for name in everything] == ["Inbound", "Deny", "*", "*"]
        yield holds(group, kept=kept, problem="its last rule does not deny all inbound traffic")


@rule(
    "AOA-S06",
    "No state holds a secret",
    control="state",
    page="https://developer.hashicorp.com/terraform/language/manage-sensitive-data/write-only",
)
def no_secret_in_state(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """An argument that the provider marks as sensitive is written to the state in clear text."""
    for resource in stacks.resources():
        paths = provider_facts.sensitive_arguments(resource.type)
        given = [path for path in paths if resource.all(path)]
        yield holds(resource, kept=not given, problem=f"sets {', '.join(given)}")


@rule(
    "AOA-S07",
    "Every private endpoint has its record in a private DNS zone",
    control="network",
    page=f"{LEARN}/private-link/private-endpoint-dns",
)
def endpoint_names(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Without the record clients resolve the public address, which is closed."""
    for endpoint in stacks.resources("azurerm_private_endpoint"):
        zones = endpoint.get("private_dns_zone_group.private_dns_zone_ids")
        ours = any(
            resource.type == "azurerm_private_dns_zone"
            for resource in stacks.referred(endpoint.stack, zones)
        )
        given = any("/privateDnsZones/" in text for text in stacks.literals(endpoint.stack, zones))
        # a policy of the company writes the record: Terraform says so by leaving it alone
        left = "private_dns_zone_group" in endpoint.all("lifecycle.ignore_changes")
        yield holds(endpoint, kept=ours or given or left, problem="is in no private DNS zone")


@rule(
    "AOA-S08",
    "Roles are narrow, and given on a resource",
    control="least rights",
    page=f"{LEARN}/role-based-access-control/best-practices",
)
def narrow_roles(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A role on a subscription covers everything that will ever be in it."""
    for grant in stacks.resources("azurerm_role_assignment"):
        role, scope = grant.get("role_definition_name"), str(grant.get("scope"))
        literal = scope.startswith("/")  # else a reference, perhaps to something within a resource
        broad = role in BROAD_ROLES or (literal and scope.count("/") < 4)
        yield holds(grant, kept=not broad, problem=f"{role} on {scope}")
        yield present(grant, "principal_type")


@rule(
    "AOA-S09",
    "Federated credentials trust one workload each, and in the cluster a service account",
    control="API and identity",
    page="https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
)
def federated_subjects(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A wildcard or another audience would let other workloads in."""
    for credential in stacks.resources(
        "azurerm_federated_identity_credential",
        "azuread_application_federated_identity_credential",
    ):
        subject = str(credential.get("subject"))
        account = subject.removeprefix("system:serviceaccount:").split(":")
        audience = credential.all("audience") or credential.all("audiences")
        # the cluster's issuer is read from its stack; a team's pipeline has one that its file names
        elsewhere = str(credential.get("issuer")).startswith("https://")
        kept = (
            (elsewhere or (len(account) == 2 and all(account)))
            and "*" not in subject
            and audience == ["api://AzureADTokenExchange"]
        )
        yield holds(credential, kept=kept, problem=f"trusts {subject} for {audience}")


@rule(
    "AOA-S10",
    "State is opened by Entra ID, and providers are named in full and pinned",
    control="state",
    page="https://developer.hashicorp.com/terraform/language/backend/azurerm",
)
def backends(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Reported on the stack's first resource: a backend is no resource itself."""
    for stack, content in stacks.documents.items():
        terraform = content.get("terraform", {})
        first = next((one for one in stacks.resources() if one.stack == stack), None)
        if first is None:
            continue
        backend = terraform.get("backend", {}).get("azurerm", {})
        entra = backend.get("use_azuread_auth") is True and not backend.get("access_key")
        yield holds(first, kept=entra, problem="the stack's backend is not opened by Entra ID")
        for name, provider in terraform.get("required_providers", {}).items():
            version = str(provider.get("version"))
            yield holds(
                first,
                kept=version[:1].isdigit(),
                problem=f"the stack's provider {name} is of version {version}, not an exact one",
            )
            source = str(provider.get("source"))  # OpenTofu reads the full name only
            yield holds(first, kept="/" in source, problem=f"provider source {source} has no owner")


PRIVILEGED = "policyDefinitions/95edb821-ddaf-4404-9732-666045e056b4"
IMAGES = "policyDefinitions/febd0533-8e55-448f-b837-bd0e06f16469"


@rule(
    "AOA-S11",
    "Azure Policy denies privileged pods and images from other registries",
    control="operations",
    page=f"{LEARN}/aks/policy-reference",
)
def denied_pods(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """An audit tells of it a day later; by then the pod has run."""
    denied = {
        (one.stack, str(one.get("policy_definition_id")).partition("Microsoft.Authorization/")[2])
        for one in stacks.resources("azurerm_resource_group_policy_assignment")
        if _effect(one) == "deny"
    }
    for cluster in stacks.resources("azurerm_kubernetes_cluster"):
        wanted = (PRIVILEGED, IMAGES)
        missing = [name for name in wanted if (cluster.stack, name) not in denied]
        yield holds(cluster, kept=not missing, problem=f"nothing denies by {', '.join(missing)}")


def _effect(assignment: Resource) -> str:
    parameters = json.loads(assignment.get("parameters") or "{}")
    return str(parameters.get("effect", {}).get("value", "")).lower()


@rule(
    "AOA-S12",
    "Backups of the cluster hold no Secrets",
    control="backup",
    page=f"{LEARN}/backup/azure-kubernetes-service-backup-overview",
)
def secrets_in_backups(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A key that was replaced would stay readable as long as the backup is kept."""
    for backup in stacks.resources("azurerm_data_protection_backup_instance_kubernetes_cluster"):
        excluded = backup.all("backup_datasource_parameters.excluded_resource_types")
        yield holds(backup, kept="secrets" in excluded, problem="takes Secrets with it")
