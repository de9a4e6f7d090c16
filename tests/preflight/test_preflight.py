"""What the check says of a subscription that is ready, and of one with faults in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from azure_facts.directory import ROLES as GIVEN

from tests.parts.mirror import LOCK
from tests.preflight.conftest import (
    BLOBS,
    DEPLOYER,
    PRINCIPALS,
    ROLES,
    STATES,
    SUBSCRIPTION,
    WATCHER,
    ZONE,
    Check,
    Subscription,
)
from tools.release.mirroring import text_of

Plant = Callable[[Subscription], object]


def lines(text: str, title: str) -> str:
    """Return what is said of one check."""
    return text[text.index(f"wrong {title}") :].split("\nok ")[0]


def test_a_subscription_with_everything_is_ready(check: Check) -> None:
    done = check()

    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "preflight of dev: ready")


def test_nothing_is_written(check: Check, subscription: Subscription) -> None:
    before = list(subscription.azure.store.under(""))

    check()

    assert list(subscription.azure.store.under("")) == before


def close_size(subscription: Subscription) -> None:
    size = subscription.offers.sizes["Standard_D4ds_v5"]
    size["restrictions"] = [
        {"type": "Location", "reasonCode": "NotAvailableForSubscription", "restrictionInfo": {}}
    ]


def close_zone(subscription: Subscription) -> None:
    zones = {"zones": ["2"]}
    size = subscription.offers.sizes["Standard_D4ds_v5"]
    size["restrictions"] = [
        {"type": "Zone", "reasonCode": "NotAvailableForSubscription", "restrictionInfo": zones}
    ]


def limit_roles(subscription: Subscription) -> None:
    role = ROLES["Role Based Access Control Administrator"]
    key = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
    condition = f"{key} ForAnyOfAnyValues:GuidEquals {{{GIVEN['AcrPull']}}}"
    subscription.grant(role, SUBSCRIPTION, condition=condition)


@pytest.mark.parametrize(
    ("plant", "title", "says"),
    [
        pytest.param(
            lambda s: s.offers.unregistered.add("Microsoft.OperationsManagement"),
            "resource providers",
            [
                "Microsoft.OperationsManagement: is NotRegistered",
                "allowed: Registered",
                "az provider register --namespace Microsoft.OperationsManagement",
            ],
            id="provider",
        ),
        pytest.param(
            lambda s: s.offers.features_off.add("Microsoft.Compute/EncryptionAtHost"),
            "encryption at host",
            ["is NotRegistered", "az feature register"],
            id="feature",
        ),
        pytest.param(
            lambda s: s.offers.limits.update(standardDDSv5Family=10),
            "quota of cores",
            [
                "standardDDSv5Family: 22 cores are needed at most",
                "kubernetes.system_pool 3 x Standard_D2ds_v5",
                "10 of 10 are free",
                "a limit of 22 or more",
            ],
            id="quota",
        ),
        pytest.param(
            lambda s: s.offers.limits.update(lowPriorityCores=0),
            "quota of cores",
            ["lowPriorityCores: 24 cores", "kubernetes.node_pools.workers 6 x Standard_D4ds_v5"],
            id="quota of spot",
        ),
        pytest.param(
            lambda s: s.offers.sizes.pop("Standard_D2ds_v5"),
            "sizes and zones",
            [
                "kubernetes.system_pool.vm_size = Standard_D2ds_v5",
                "westeurope has no machines of this size",
                "allowed: Standard_D2ads_v5",
            ],
            id="size",
        ),
        pytest.param(
            close_size,
            "sizes and zones",
            ["kubernetes.node_pools.core.vm_size", "(NotAvailableForSubscription)"],
            id="size closed to the subscription",
        ),
        pytest.param(
            close_zone,
            "sizes and zones",
            ["kubernetes.node_pools.workers.zones", "in zone 2", "allowed: 1, 3"],
            id="zone",
        ),
        pytest.param(
            lambda s: setattr(s.offers, "database_closed", "Provisioning is restricted"),
            "database",
            ["location = westeurope", "Provisioning is restricted"],
            id="database",
        ),
        pytest.param(
            lambda s: s.azure.store.delete(WATCHER),
            "network watcher",
            ["NetworkWatcher_westeurope", "az network watcher configure"],
            id="network watcher",
        ),
        pytest.param(
            lambda s: setattr(s, "name_servers", ["ns1.registrar.example."]),
            "delegation of the zone",
            ["does not ask Azure for dev.example.com", "ns1.registrar.example", "ns1-01.azure-dns"],
            id="delegation",
        ),
        pytest.param(
            lambda s: setattr(s, "name_servers", []),
            "delegation of the zone",
            ["its NS records are not there"],
            id="no delegation",
        ),
        pytest.param(
            lambda s: s.azure.store.delete(ZONE),
            "delegation of the zone",
            [f"ingress.dns_zone_id = {ZONE}", "there is no such zone"],
            id="zone of DNS",
        ),
        pytest.param(
            lambda s: s.revoke(ROLES["Resource Policy Contributor"]),
            "roles of the deployer",
            [
                f"deployer_object_id = {DEPLOYER}",
                "may not Microsoft.Authorization/policyAssignments/write",
                "allowed: Resource Policy Contributor",
                "az role assignment create",
            ],
            id="role",
        ),
        pytest.param(
            lambda s: s.revoke(BLOBS, STATES),
            "roles of the deployer",
            ["may not write states into stairflowstatedev", "Storage Blob Data Contributor"],
            id="right to the states",
        ),
        pytest.param(
            lambda s: s.azure.store.delete(STATES),
            "roles of the deployer",
            ["state.storage_account_name = stairflowstatedev", "rg-airflow-state"],
            id="account of the states",
        ),
        pytest.param(
            limit_roles,
            "roles of the deployer",
            ["does not let it give AcrPush", "docs/how-to/bootstrap.md"],
            id="condition",
        ),
        pytest.param(
            lambda s: s.azure.store.delete(f"{PRINCIPALS}/{DEPLOYER}/appRoleAssignments/1"),
            "permissions in Entra ID",
            ["AppRoleAssignment.ReadWrite.All is missing", "bootstrap.md, part 3"],
            id="permission of Graph",
        ),
        pytest.param(
            lambda s: s.azure.store.delete(f"{PRINCIPALS}/{DEPLOYER}"),
            "permissions in Entra ID",
            [f"deployer_object_id = {DEPLOYER}", "no such service principal"],
            id="deployer",
        ),
        pytest.param(
            lambda s: s.consent(None),
            "consent in Entra ID",
            ["nobody consented to openid, profile, email", "AADSTS65001", "--id app-id"],
            id="consent",
        ),
        pytest.param(
            lambda s: s.consent("openid profile"),
            "consent in Entra ID",
            ["nobody consented to email for all users"],
            id="half a consent",
        ),
    ],
)
def test_a_fault_is_told_with_value_allowed_and_fix(
    check: Check, subscription: Subscription, plant: Plant, title: str, says: list[str]
) -> None:
    plant(subscription)

    done = check()

    said = lines(done.output, title)
    assert [part for part in (*says, "fix: ") if part not in said] == []
    assert done.exit_code == 1


@pytest.mark.parametrize("part", ["crairflowdev", "stairflowdev", "kvairflowdev", "psql-airflow"])
def test_a_name_that_somebody_else_has_is_told(
    check: Check, subscription: Subscription, part: str, stacks: dict[str, dict[str, object]]
) -> None:
    name = next(word for word in str(stacks).split("'") if word.startswith(part))
    subscription.offers.taken.add(name)

    done = check()

    assert f"{name}: AlreadyExists" in lines(done.output, "names")


def test_a_name_of_what_is_deployed_already_is_no_fault(
    check: Check, subscription: Subscription, stacks: dict[str, dict[str, object]]
) -> None:
    name = next(word for word in str(stacks).split("'") if word.startswith("stairflowdev"))
    type_ = "Microsoft.Storage/storageAccounts"
    subscription.put(f"{SUBSCRIPTION}/resourceGroups/rg/providers/{type_}/{name}", type_)

    assert "ok    names" in check().output


def test_consent_for_all_users_is_good(check: Check, subscription: Subscription) -> None:
    subscription.consent("openid profile email")

    assert "ok    consent in Entra ID" in check().output


def test_faults_are_told_together(check: Check, subscription: Subscription) -> None:
    subscription.offers.unregistered.update({"Microsoft.Dashboard", "Microsoft.Monitor"})
    subscription.offers.limits["cores"] = 4
    subscription.name_servers = []

    assert check().output.splitlines()[-1].startswith("preflight of dev: 4 to be fixed")


def test_what_may_not_be_read_is_named_with_the_role_that_reads_it(
    check: Check, subscription: Subscription
) -> None:
    subscription.offers.forbidden.update({"/usages", "/v1.0/servicePrincipals"})

    done = check()

    assert "quota of cores: could not be read" in done.output
    assert "reads it: Reader on the subscription" in done.output
    assert "reads it: Application.Read.All in Entra ID" in done.output
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        "preflight of dev: 0 to be fixed, 2 that could not be read",
    )


def test_a_subscription_that_nobody_sees_stops_it(check: Check, subscription: Subscription) -> None:
    subscription.offers.forbidden.add(SUBSCRIPTION)

    done = check()

    assert done.exit_code == 2
    assert "you do not see it" in done.output


def test_no_sign_in_stops_it(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_CLIENT_SECRET")
    monkeypatch.setenv("PATH", "")

    done = check()

    assert done.exit_code == 2
    assert "az login" in done.output


def test_no_way_to_azure_stops_it(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    done = check()

    assert done.exit_code == 2
    assert "HTTPS_PROXY" in done.output


def test_hosts_are_listed_without_azure(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTPS_PROXY")

    done = check("--hosts")

    assert done.exit_code == 0
    assert {"mcr.microsoft.com", "ghcr.io", "acme-v02.api.letsencrypt.org"} <= set(
        done.output.split()
    )


def test_only_what_the_cluster_has_is_listed(check: Check, home: Path) -> None:
    file = home / "environments" / "dev.toml"
    text = file.read_text().replace("[ingress]", '[ingress]\ncertificate = "key_vault"')
    text = text.replace("dns_zone_id", 'key_vault_certificate = "airflow"\n# dns_zone_id')
    file.write_text(text)

    assert "letsencrypt" not in check("--hosts").output


def test_with_copies_in_our_registry_nodes_ask_no_public_one(check: Check, home: Path) -> None:
    file = home / "environments" / "dev.toml"
    file.write_text(file.read_text().replace("[registry]", "[registry]\nmirror = true"))
    (home / "mirror.lock").write_text(text_of(LOCK))

    hosts = set(check("--hosts").output.split())

    assert "mcr.microsoft.com" in hosts
    assert not {"ghcr.io", "quay.io", "registry-1.docker.io", "charts.jetstack.io"} & hosts


def test_an_application_of_another_team_that_is_not_there_is_told(check: Check, home: Path) -> None:
    file = home / "environments" / "dev.toml"
    before, table, after = file.read_text().partition("[single_sign_on]\n")
    given = 'application_id = "12345678-1234-4234-8234-123456789012"\n'
    file.write_text(f"{before}{table}{given}\n[teams{after.partition('[teams')[2]}")

    done = check()

    said = lines(done.output, "consent in Entra ID")
    assert "application_id = 12345678-1234-4234-8234-123456789012" in said
    assert "there is no such application in the tenant" in said


def test_hosts_that_this_machine_does_not_reach_are_told(check: Check) -> None:
    said = lines(check("--reach").output, "ways out of this machine")

    assert "pypi.org: gives no answer (Python packages)" in said  # the loopback leads to Azure only
    assert "management.azure.com" not in said


@pytest.mark.parametrize("given", ["localhost", "10.0.0.4:dns", "a:b:c"])
def test_a_name_server_that_is_no_address_is_refused(check: Check, given: str) -> None:
    done = check("--hosts", "--name-server", given)

    assert done.exit_code == 2
    assert f"--name-server {given}: no address of a name server" in done.output
