"""Resources come to be, change and go: each step under the rules of Azure, in the cloud folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure_facts.hosts import WITHOUT_PROXY

from standin_providers import related_values
from standin_providers.change import Change, within
from standin_providers.cloud_folder import CloudFolder
from standin_providers.computed_values import Resolver
from standin_providers.identifiers import new_id
from standin_providers.protocol_messages import Refusal
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.refusals import refusal
from standin_providers.schema_fitting import fitted

Values = Mapping[str, Any]

_VAULT = "azurerm_key_vault"
_GROUP = "azurerm_resource_group"
_CLUSTER = "azurerm_kubernetes_cluster"
# An update sends what has a value, and Azure keeps the rest: hashicorp/terraform-provider-azurerm,
# issue 28355
_STAYS = {"azurerm_key_vault_secret": ("expiration_date", "not_before_date")}


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Carries out changes; the caller holds the cloud's lock."""

    schemas: ProviderSchemas
    cloud: CloudFolder
    subscription: str
    features: Values = field(default_factory=dict)

    def create(self, type_: str, planned: Values) -> dict[str, Any] | Refusal:
        """Return the values of a new resource, or why there is none."""
        id_ = self._new_id(type_, planned)
        values = self._resolved(type_, id_, planned)
        if said := refusal(self._change("create", type_, id_, values)):
            return Refusal(f"creating {_titled(type_, id_)}: {said}")
        if self.cloud.find(type_, id_):
            return Refusal(
                f'A resource with the ID "{id_}" already exists - to be managed via Terraform this '
                "resource needs to be imported into the State. Please see the resource "
                f'documentation for "{type_}" for more information.'
            )
        if type_ == _VAULT:
            self.cloud.soft_deleted.remove(type_, id_)  # it is recovered
        self._put(type_, id_, values)
        return values

    def update(self, type_: str, planned: Values, prior: Values) -> dict[str, Any] | Refusal:
        """Return the values of a changed resource, or why it is not changed."""
        id_ = self._id(type_, prior)
        values = self._resolved(type_, id_, planned)
        if self.cloud.find(type_, id_) is None:
            return Refusal(f"updating {_titled(type_, id_)}: {type_} {id_} was not found")
        if said := refusal(self._change("update", type_, id_, values, prior)):
            return Refusal(f"updating {_titled(type_, id_)}: {said}")
        kept = {name: prior[name] for name in _STAYS.get(type_, ()) if values.get(name) is None}
        self._put(type_, id_, {**values, **kept})
        return values

    def delete(self, type_: str, prior: Values) -> Refusal | None:
        """Delete a resource, or return why it is not deleted; what is gone already may go."""
        id_ = self._id(type_, prior)
        change = self._change("delete", type_, id_, prior)
        if self.cloud.find(type_, id_) is None:
            return None
        if said := refusal(change):
            return Refusal(f"deleting {_titled(type_, id_)}: {said}")
        purged = change.feature("key_vault", "purge_soft_delete_on_destroy")
        if type_ == _VAULT and (prior.get("purge_protection_enabled") or not purged):
            self.cloud.soft_deleted.put(type_, id_, dict(prior))
        self.cloud.remove(type_, id_)
        if type_ == _GROUP:  # all that is in it goes with it
            for other in (t for t in self.cloud.types() if t.startswith("azurerm_")):
                for resource in self.cloud.all(other):
                    if within(resource["id"], id_):
                        self.cloud.remove(other, resource["id"])
        return None

    def read(self, type_: str, state: Values) -> dict[str, Any] | None:
        """Return what exists, with what it knows from others as of now; None if it is gone."""
        found = self.cloud.find(type_, self._id(type_, state))
        if found is None:
            return None
        block = self.schemas.block("resource", type_)
        fresh = related_values.known(type_, found, self.cloud)
        return fitted(block, found | {k: v for k, v in fresh.items() if k in block.attributes})

    def _put(self, type_: str, id_: str, values: Values) -> None:
        """Keep a resource as Azure has it, which adds to some lists; a later read tells."""
        if type_ == _CLUSTER and values.get("http_proxy_config"):
            proxy = values["http_proxy_config"][0]
            without = sorted({*(proxy.get("no_proxy") or []), *WITHOUT_PROXY})
            values = {**values, "http_proxy_config": [{**proxy, "no_proxy": without}]}
        self.cloud.put(type_, id_, {"id": id_, **values})

    def _id(self, type_: str, values: Values) -> str:
        """The id of what exists; the few types without one are known by their arguments."""
        return str(values["id"]) if "id" in values else self._new_id(type_, values)

    def _new_id(self, type_: str, values: Values) -> str:
        example = self.schemas.facts("resource", type_).id
        return new_id(type_, example, values, self.subscription)

    def _resolved(self, type_: str, id_: str, planned: Values) -> dict[str, Any]:
        known = related_values.known(type_, planned, self.cloud)
        block = self.schemas.block("resource", type_)
        return Resolver(type_, id_, self.subscription, known).resolve(block, planned)

    def _change(
        self, action: Any, type_: str, id_: str, values: Values, prior: Values | None = None
    ) -> Change:
        return Change(
            action=action,
            type=type_,
            id=id_,
            values=values,
            prior=prior or {},
            cloud=self.cloud,
            features=self.features,
        )


def _titled(type_: str, id_: str) -> str:
    """`Key Vault (/subscriptions/...)`."""
    words = type_.split("_")[1:]
    return f"{' '.join(word.capitalize() for word in words)} ({id_})"
