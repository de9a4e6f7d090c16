"""What an environment needs of its subscription: read from its file and its synthesized stacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from azure_facts.directory import ROLES
from standin_providers.facts import facts_of

from environments.model import Environment
from synthesis.reader import Stack

Values = dict[str, Any]
NAMED = {  # types whose names are one space for all of Azure
    "azurerm_container_registry": "Microsoft.ContainerRegistry/registries",
    "azurerm_key_vault": "Microsoft.KeyVault/vaults",
    "azurerm_postgresql_flexible_server": "Microsoft.DBforPostgreSQL/flexibleServers",
    "azurerm_storage_account": "Microsoft.Storage/storageAccounts",
}


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool of nodes at its largest."""

    place: str
    """The key of the environment file."""
    size: str
    nodes: int
    """Its most nodes, and those that an upgrade adds."""
    zones: tuple[str, ...]
    spot: bool
    disk_gib: int
    """Of its operating system; 0: it lies on no disk of the machine's own."""
    encrypted: bool
    """Whether the host encrypts disks."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a deployment of one environment asks Azure for."""

    env: Environment
    stacks: Sequence[Stack]

    @property
    def place(self) -> str:
        """The environment file."""
        return f"environments/{self.env.name}.toml"

    @property
    def subscription(self) -> str:
        """The path of the subscription."""
        return f"/subscriptions/{self.env.subscription_id}"

    def all(self, type_: str) -> Iterator[Values]:
        """Yield the resources of one type of Terraform."""
        for stack in self.stacks:
            yield from stack.resources(type_).values()

    @property
    def types(self) -> list[str]:
        """The types of Resource Manager that the stacks write, sorted."""
        return sorted(set(self._types()))

    def _types(self) -> Iterator[str]:
        for stack in self.stacks:
            for type_ in stack.document.get("resource", {}):
                if not type_.startswith("azurerm_"):
                    continue
                id_ = facts_of("azurerm", "resource", type_).id or ""
                if "/providers/" in id_:  # else it lies in a data plane, or joins two that have one
                    namespace, *rest = id_.rpartition("/providers/")[2].split("/")
                    yield "/".join([namespace, *rest[::2]])
                elif "/resourceGroups/" in id_:
                    yield "Microsoft.Resources/subscriptions/resourceGroups"

    @property
    def providers(self) -> list[str]:
        """Resource providers: of the types, and those that Terraform is told to register."""
        told = [
            name
            for stack in self.stacks
            for provider in stack.document.get("provider", {}).get("azurerm", [])
            for name in provider.get("resource_providers_to_register", [])
        ]
        return sorted({*told, *(type_.partition("/")[0] for type_ in self.types)})

    @property
    def pools(self) -> list[Pool]:
        """Every pool of the cluster."""
        system = [
            _pool(cluster["default_node_pool"], "kubernetes.system_pool")
            for cluster in self.all("azurerm_kubernetes_cluster")
        ]
        return system + [
            _pool(pool, f"kubernetes.node_pools.{pool['name']}")
            for pool in self.all("azurerm_kubernetes_cluster_node_pool")
        ]

    @property
    def names(self) -> list[tuple[str, str]]:
        """Type and name of what has a name that nobody else in Azure may have."""
        return [
            (type_, one["name"])
            for terraform, type_ in NAMED.items()
            for one in self.all(terraform)
            if not one["name"].startswith("${")
        ]

    @property
    def roles(self) -> dict[str, str]:
        """Ids of the roles that the stacks give, by name."""
        given = {one.get("role_definition_name") for one in self.all("azurerm_role_assignment")}
        return {name: ROLES[name] for name in sorted(filter(None, given)) if name in ROLES}


def _pool(values: Values, place: str) -> Pool:
    surge = (values.get("upgrade_settings") or {}).get("max_surge", "0")
    most = values.get("max_count") or values.get("node_count") or 1
    added = ceil(most * int(surge[:-1]) / 100) if surge.endswith("%") else int(surge)
    return Pool(
        place=place,
        size=values["vm_size"],
        nodes=most + added,
        zones=tuple(values.get("zones") or ()),
        spot=values.get("priority") == "Spot",
        disk_gib=values["os_disk_size_gb"] if values.get("os_disk_type") == "Ephemeral" else 0,
        encrypted=bool(values.get("host_encryption_enabled")),
    )
