"""The ids that Azure, Entra ID and Kubernetes give: ARM ids, object ids, addresses of secrets."""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from azure_facts import hosts

Values = Mapping[str, Any]

_NAMESPACE = uuid.UUID("8d9c2c5e-5f0e-5b6a-9a38-3f1d6a2b7c40")
_AUTHORIZATION = "/providers/Microsoft.Authorization"

# Where the id does not follow from the id that the type's page shows: what it is made of.
_TEMPLATES: Mapping[str, str] = {
    "azurerm_consumption_budget_resource_group": (
        "{resource_group_id}/providers/Microsoft.Consumption/budgets/{name}"
    ),
    "azurerm_consumption_budget_subscription": (
        "{subscription_id}/providers/Microsoft.Consumption/budgets/{name}"
    ),
    "azurerm_federated_identity_credential": (
        "{user_assigned_identity_id}/federatedIdentityCredentials/{name}"
    ),
    "azurerm_key_vault_certificate": "{key_vault_uri}certificates/{name}/{digest}",
    "azurerm_key_vault_key": "{key_vault_uri}keys/{name}/{digest}",
    "azurerm_key_vault_secret": "{key_vault_uri}secrets/{name}/{digest}",
    "azurerm_management_lock": "{scope}" + _AUTHORIZATION + "/locks/{name}",
    "azurerm_monitor_data_collection_rule_association": (
        "{target_resource_id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}"
    ),
    "azurerm_monitor_diagnostic_setting": "{target_resource_id}|{name}",
    "azurerm_nat_gateway_public_ip_association": "{nat_gateway_id}|{public_ip_address_id}",
    "azurerm_nat_gateway_public_ip_prefix_association": "{nat_gateway_id}|{public_ip_prefix_id}",
    "azurerm_postgresql_flexible_server_active_directory_administrator": (
        "{group}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{server_name}"
        "/administrators/{object_id}"
    ),
    "azurerm_resource_group": "/subscriptions/{subscription}/resourceGroups/{name}",
    "azurerm_resource_group_policy_assignment": (
        "{resource_group_id}" + _AUTHORIZATION + "/policyAssignments/{name}"
    ),
    "azurerm_resource_policy_assignment": (
        "{resource_id}" + _AUTHORIZATION + "/policyAssignments/{name}"
    ),
    "azurerm_resource_provider_registration": "/subscriptions/{subscription}/providers/{name}",
    "azurerm_role_assignment": "{scope}" + _AUTHORIZATION + "/roleAssignments/{name}",
    "azurerm_role_definition": "{scope}" + _AUTHORIZATION + "/roleDefinitions/{uuid}|{scope}",
    "azurerm_security_center_subscription_pricing": (
        "/subscriptions/{subscription}/providers/Microsoft.Security/pricings/{resource_type}"
    ),
    "azurerm_storage_blob": "{storage_container_url}/{name}",
    "azurerm_storage_data_lake_gen2_filesystem": "{storage_account_dfs}{name}",
    "azurerm_storage_data_lake_gen2_path": "{storage_account_dfs}{filesystem_name}/{path}",
    "azurerm_subscription_policy_assignment": (
        "{subscription_id}" + _AUTHORIZATION + "/policyAssignments/{name}"
    ),
    "azuread_app_role_assignment": (
        "/servicePrincipals/{resource_object_id}/appRoleAssignedTo/{token}"
    ),
    "azuread_application": "/applications/{uuid}",
    "azuread_application_app_role": "{application_id}/appRoles/{role_id}",
    "azuread_application_federated_identity_credential": (
        "{application_id}/federatedIdentityCredentials/{uuid}"
    ),
    "azuread_application_identifier_uri": "{application_id}/identifierUris/{token}",
    "azuread_application_password": "{application_id}/password/{uuid}",
    "azuread_application_pre_authorized": "{application_id}/preAuthorized/{uuid}",
    "azuread_application_registration": "/applications/{uuid}",
    "azuread_group": "/groups/{uuid}",
    "azuread_group_member": "{group_object_id}/member/{member_object_id}",
    "azuread_service_principal": "/servicePrincipals/{uuid}",
    "azuread_user": "/users/{uuid}",
}


def minted(*seed: object) -> str:
    """Return the UUID that the stand-in gives to the seed, of version 5 as it is a digest.

    Its last four digits are a checksum: `is_minted` tells it from one that a person wrote.
    """
    digits = uuid.uuid5(_NAMESPACE, "/".join(map(str, seed))).hex[:28]
    return str(uuid.UUID(digits + _checksum(digits)))


def is_minted(value: str) -> bool:
    """Whether the UUID was given by the stand-in, not written by a person."""
    digits = value.replace("-", "").lower()
    return len(digits) == 32 and digits[28:] == _checksum(digits[:28])


def _checksum(digits: str) -> str:
    return uuid.uuid5(_NAMESPACE, digits).hex[:4]


def new_id(type_: str, example: str | None, values: Values, subscription: str) -> str:
    """Return the id of a resource from its arguments.

    Args:
        type_: the Terraform type.
        example: an id of the type with `*` for names, as the provider's documentation shows it.
        values: the planned values; only known strings are used.
        subscription: the UUID of the subscription.
    """
    known = _Known(type_, values, subscription)
    if template := _TEMPLATES.get(type_):
        return template.format_map(known)
    if type_.startswith("kubernetes_") and (address := _kubernetes(values)):
        return address
    return _from_example(example, known) if example else known["uuid"]


class _Known(dict[str, str]):
    """The strings of a resource, and what is made of them, for an id."""

    def __init__(self, type_: str, values: Values, subscription: str) -> None:
        own = {k: v for k, v in values.items() if isinstance(v, str) and k != "id"}
        super().__init__(own, subscription=subscription)
        self._seed = (type_, *(f"{key}={value}" for key, value in sorted(own.items())))

    def __missing__(self, name: str) -> str:
        group = f"/subscriptions/{self['subscription']}/resourceGroups"
        made = {
            "uuid": minted(*self._seed),
            "name": minted(*self._seed),
            "digest": minted(*self._seed).replace("-", ""),
            "token": minted(*self._seed).replace("-", "")[:22],
            "group": f"{group}/{self.get('resource_group_name', '')}",
            "key_vault_uri": hosts.VAULT_URI.format(name=_last(self.get("key_vault_id"))),
            "storage_account_dfs": (
                f"https://{_last(self.get('storage_account_id'))}{hosts.storage_suffix('dfs')}/"
            ),
            "storage_container_url": (
                f"https://{self.get('storage_account_name', '')}{hosts.storage_suffix('blob')}/"
                f"{self.get('storage_container_name', '')}"
            ),
        }
        return made.get(name, "")


def _kubernetes(values: Values) -> str | None:
    """The namespace and name of an object; a manifest comes as a pair of its type and itself."""
    if isinstance(pair := values.get("manifest"), list) and isinstance(pair[-1], dict):
        metadata = pair[-1].get("metadata")
        parts = [pair[-1].get("apiVersion"), pair[-1].get("kind")]
    else:
        metadata, parts = next(iter(values.get("metadata") or []), None), []
    if not isinstance(metadata, dict):
        return None
    parts += [metadata.get("namespace"), metadata.get("name")]
    return "/".join(part for part in parts if isinstance(part, str))


def _from_example(example: str, known: _Known) -> str:
    """Fill the names of the example in: from the parent's id, or from the arguments."""
    shape = example.strip("/").split("/")
    start, index = _start(shape, known)
    parts, key = [start] if start else [], shape[index - 1] if index else ""
    for position in range(index, len(shape)):
        part = shape[position]
        if part == "*":
            last = position == len(shape) - 1
            part = known["name"] if last else _name_for(key, known) or "default"
        key = shape[position]
        parts.append(part)
    return "/" + "/".join(part.strip("/") for part in parts)


def _start(shape: list[str], known: _Known) -> tuple[str, int]:
    """The id that the shape goes on from, and after how many of its parts.

    An argument that names each parent says more than one that holds an id: a peering has both the
    name of its own network and the id of the remote one.
    """
    in_group = "resource_group_name" in known and shape[2:3] == ["resourceGroups"]
    keys = [shape[i - 1] for i in range(4, len(shape) - 1) if shape[i] == "*"]
    if in_group and all(_name_for(key, known) for key in keys):
        return known["group"], 4
    parents = [(len(parts), id_) for id_ in known.values() if (parts := _parent(id_, shape))]
    if parents:
        length, id_ = max(parents)
        return id_, length
    return (known["group"], 4) if in_group else (f"/subscriptions/{known['subscription']}", 2)


def _parent(id_: str, shape: list[str]) -> list[str]:
    """The parts of an id that the shape goes on from; none, if it is not of the shape."""
    parts = id_.strip("/").split("/")
    fits = (
        id_.startswith("/")
        and len(parts) <= len(shape)
        and all(
            wanted in ("*", part) or wanted.lower() == part.lower()
            for wanted, part in zip(shape, parts, strict=False)
        )
    )
    return parts if fits else []


def _name_for(key: str, known: _Known) -> str | None:
    """The argument that names the parent with the given key: virtualNetworks, flexibleServers."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
    singular = words.removesuffix("s")
    for name in (f"{singular}_name", *_names(known)):
        stem = name.removesuffix("_name")
        if name in known and (stem in singular or singular.endswith(stem)):
            return known[name]
    return None


def _names(known: _Known) -> Iterator[str]:
    skipped = ("name", "resource_group_name")
    return (name for name in known if name.endswith("_name") and name not in skipped)


def _last(id_: str | None) -> str:
    return (id_ or "").rsplit("/", 1)[-1]
