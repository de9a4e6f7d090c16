"""Kubernetes clusters and container registries."""

import base64

from azure_facts import hosts

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH, digest, guid

_CLUSTER = "Microsoft.ContainerService/managedClusters"


@rule("Microsoft.ContainerRegistry/registries")
def registry(made: NewResource) -> Document:
    """A registry is found by its name."""
    server = hosts.REGISTRY.format(name=made.address.name.lower())
    return {"properties": {"loginServer": server, "creationDate": EPOCH}}


@rule(_CLUSTER)
def cluster(made: NewResource) -> Document:
    """Azure names the cluster's addresses, its OIDC issuer and the group of its nodes."""
    asked, location = made.properties, made.document["location"]
    named = {
        "dns_prefix": asked.get("dnsPrefix", made.address.name),
        "digest8": digest(made.address.path)[:8],
        "location": location,
        "tenant": made.tenant,
    }
    access = asked.get("apiServerAccessProfile") or {}
    computed: Document = {
        "powerState": {"code": "Running"},
        "currentKubernetesVersion": asked.get("kubernetesVersion"),
        "nodeResourceGroup": _node_group(made),
        "resourceUID": digest(made.address.path)[:24],
        "maxAgentPools": 100,
        "azurePortalFQDN": hosts.CLUSTER_PORTAL.format(**named),
    }
    if not access.get("enablePrivateCluster"):
        computed["fqdn"] = hosts.CLUSTER.format(**named)
    elif "/" in (given := access.get("privateDNSZone") or ""):
        zone = given.rsplit("/", 1)[1]
        computed["privateFQDN"] = hosts.CLUSTER_IN_ZONE.format(**named, zone=zone)
    elif access.get("enableVnetIntegration"):
        computed["privateFQDN"] = hosts.CLUSTER_IN_SUBNET.format(**named)
    else:
        zone = guid(made.address.path, "zone")
        computed["privateFQDN"] = hosts.CLUSTER_BEHIND_ENDPOINT.format(**named, uuid=zone)
    if (asked.get("oidcIssuerProfile") or {}).get("enabled"):
        issuer = hosts.OIDC_ISSUER.format(**named, uuid=guid(made.address.path))
        computed["oidcIssuerProfile"] = {"issuerURL": issuer}
    if proxy := asked.get("httpProxyConfig"):
        given = proxy.get("noProxy") or []
        own = [one for one in hosts.WITHOUT_PROXY if one not in given]
        computed["httpProxyConfig"] = {"noProxy": [*given, *own]}
    return {"properties": computed}


@rule(_CLUSTER)
def addons(made: NewResource) -> Document:
    """Every add-on that is on gets an identity in the group of the nodes."""
    asked = made.properties
    profiles = asked.get("addonProfiles") or {}
    computed = {
        name: {"identity": _identity(made, name.lower())}
        for name, profile in profiles.items()
        if profile.get("enabled")
    }
    kubelet = asked.get("identityProfile") or {
        "kubeletidentity": _identity(made, hosts.KUBELET_IDENTITY.format(name=made.address.name))
    }
    return {"properties": {"addonProfiles": computed, "identityProfile": kubelet}}


@rule(_CLUSTER)
def pools(made: NewResource) -> Document:
    """The pools that come with the cluster are resources of their own, too."""
    found = []
    for profile in made.properties.get("agentPoolProfiles") or []:
        own = f"{made.address.path}/agentPools/{profile['name']}"
        full = {**profile, **_pool(profile)}
        made.store.put(own, {"id": own, "name": profile["name"], "properties": full})
        found.append(full)
    return {"properties": {"agentPoolProfiles": found}} if found else {}


@rule(f"{_CLUSTER}/agentPools")
def agent_pool(made: NewResource) -> Document:
    """A pool runs the version that it was asked to."""
    return {"properties": _pool(made.properties)}


def agent_pool_versions(made: NewResource) -> Document:
    """A pool may run what its cluster runs."""
    version = made.properties["currentKubernetesVersion"]
    shown = {"kubernetesVersion": version, "default": True, "isPreview": False}
    return {"properties": {"agentPoolVersions": [shown]}}


def user_credential(made: NewResource, asked: Document) -> Reply:
    """Return a kubeconfig that signs in by Entra ID."""
    return Reply(document={"kubeconfigs": [{"name": "clusterUser", "value": kubeconfig(made)}]})


def kubeconfig(made: NewResource) -> str:
    """Return the cluster's kubeconfig, base64 as Azure sends it."""
    properties = made.properties
    host = properties.get("privateFQDN") or properties.get("fqdn")
    authority = base64.b64encode(b"loopback").decode()
    text = f"""apiVersion: v1
kind: Config
current-context: {made.address.name}
clusters:
- name: {made.address.name}
  cluster: {{certificate-authority-data: {authority}, server: "https://{host}:443"}}
contexts:
- name: {made.address.name}
  context: {{cluster: {made.address.name}, user: user}}
users:
- name: user
  user: {{exec: {{apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin}}}}
"""
    return base64.b64encode(text.encode()).decode()


def _pool(profile: Document) -> Document:
    version = profile.get("orchestratorVersion")
    return {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "currentOrchestratorVersion": version,
        "nodeImageVersion": "AKSAzureLinux-V3gen2-202511.01.0",
        "count": profile.get("count") or profile.get("minCount") or 1,
    }


def _node_group(made: NewResource) -> str:
    name = hosts.NODE_GROUP.format(
        resource_group_name=made.address.group.rsplit("/", 1)[1],
        name=made.address.name,
        location=made.document["location"],
    )
    return str(made.properties.get("nodeResourceGroup") or name)


def _identity(made: NewResource, name: str) -> Document:
    base = f"/subscriptions/{made.address.subscription}/resourceGroups/{_node_group(made)}"
    own = f"{base}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    return {
        "resourceId": own,
        "clientId": guid(own, "client"),
        "objectId": guid(own, "principal"),
    }


@rule("Microsoft.KubernetesConfiguration/extensions")
def extension(made: NewResource) -> Document:
    """An extension acts as an identity that Azure makes for it in the group of the nodes."""
    return {
        "properties": {
            "aksAssignedIdentity": {
                "type": "UserAssigned",
                "principalId": guid(made.address.path, "principal"),
            },
            "currentVersion": "1.0.0",
        }
    }
