"""Replacements under a condition: where a provider's code, not its schema, decides on a change.

Each rule is what azurerm 4.81.0 does in the `CustomizeDiff` of the resource.
"""

from collections.abc import Callable, Mapping
from typing import Any

from standin_providers.protocol_messages import Path
from standin_providers.values import Unknown

Values = Mapping[str, Any]
Survives = Callable[[Any, Any], bool]

_ZONAL = frozenset({"ZRS", "GZRS", "RAGZRS"})


def replacing(type_: str, planned: Values, prior: Values) -> list[Path]:
    """Return the attributes whose change the resource does not survive, by the provider's code."""
    found = []
    for path, survives in _RULES.get(type_, {}).items():
        old, new = _at(prior, path), _at(planned, path)
        if old != new and not isinstance(new, Unknown) and not survives(old, new):
            found.append(_existing(planned, path))
    return found


def _at(values: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            values = values[step] if isinstance(values, list) and len(values) > step else None
        else:
            values = values.get(step) if isinstance(values, dict) else None
    return values


def _existing(values: Values, path: Path) -> Path:
    """The path up to a block that the change removes, for Terraform has nothing to show there."""
    while len(path) > 1 and _at(values, path[:-1]) is None:
        path = path[:-1]
    return path[:-1] if isinstance(path[-1], int) else path


def _block(*names: str) -> Path:
    path: list[str | int] = []
    for name in names[:-1]:
        path += [name, 0]
    return (*path, names[-1])


def _never(old: Any, new: Any) -> bool:
    return False


def _unless_it_was_set(old: Any, new: Any) -> bool:
    return not old


def _unless_removed(old: Any, new: Any) -> bool:
    return not old or bool(new)


def _only_to_cilium(old: Any, new: Any) -> bool:
    return not old or (old in ("azure", "calico") and new == "cilium")


def _only_to_overlay(old: Any, new: Any) -> bool:
    return str(new).lower() == "overlay"


def _within_zonal_or_not(old: Any, new: Any) -> bool:
    return bool((old in _ZONAL) == (new in _ZONAL))


def _to_storage_v2(old: Any, new: Any) -> bool:
    return str(old) == "Storage" or str(new) == "StorageV2"


def _upwards(old: Any, new: Any) -> bool:
    return not old or not new or int(new) >= int(old)


def _unless_locked(old: Any, new: Any) -> bool:
    return str(old) != "Locked"


def _unless_always_on(old: Any, new: Any) -> bool:
    return str(old) != "AlwaysOn"


def _keeps_user_assigned(old: Any, new: Any) -> bool:
    return "UserAssigned" not in str(old) or "UserAssigned" in str(new)


_PROFILE = "network_profile"
_POOL = "default_node_pool"
_RULES: Mapping[str, Mapping[Path, Survives]] = {
    "azurerm_data_protection_backup_vault": {
        ("immutability",): _unless_locked,
        ("soft_delete",): _unless_always_on,
    },
    "azurerm_disk_encryption_set": {_block("identity", "type"): _keeps_user_assigned},
    "azurerm_key_vault_key": {("expiration_date",): _unless_removed},
    "azurerm_kubernetes_cluster": {
        ("oidc_issuer_enabled",): _unless_removed,
        _block("api_server_access_profile", "subnet_id"): _unless_removed,
        _block(_PROFILE, "network_data_plane"): _only_to_cilium,
        _block(_PROFILE, "network_plugin_mode"): _only_to_overlay,
        _block(_PROFILE, "network_policy"): _only_to_cilium,
        _block(_PROFILE, "pod_cidr"): _unless_it_was_set,
        _block(_PROFILE, "pod_cidrs"): _unless_it_was_set,
        _block(_POOL, "name"): _never,
        _block(_POOL, "upgrade_settings", "drain_timeout_in_minutes"): _unless_removed,
        _block(_POOL, "upgrade_settings", "undrainable_node_behavior"): _unless_removed,
    },
    "azurerm_kubernetes_cluster_node_pool": {
        _block("upgrade_settings", "drain_timeout_in_minutes"): _unless_removed,
        _block("upgrade_settings", "undrainable_node_behavior"): _unless_removed,
    },
    "azurerm_postgresql_flexible_server": {
        ("version",): _upwards,
        ("storage_mb",): _upwards,
        ("administrator_login",): _unless_it_was_set,
        _block("identity", "type"): _keeps_user_assigned,
    },
    "azurerm_storage_account": {
        ("account_kind",): _to_storage_v2,
        ("account_replication_type",): _within_zonal_or_not,
        ("large_file_share_enabled",): _unless_removed,
    },
}
