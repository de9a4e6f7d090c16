"""Data sources: what the stacks have made, or what is taken to exist outside of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standin_providers import related_values
from standin_providers.change import group_of, same
from standin_providers.cloud_folder import CloudFolder
from standin_providers.computed_values import Resolver
from standin_providers.identifiers import new_id
from standin_providers.planning import Planner
from standin_providers.protocol_messages import Refusal
from standin_providers.provider_schemas import ProviderSchemas

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DataSources:
    """Answers data sources.

    What is in a resource group that the stacks have made must be there. Anything else is assumed
    to exist, and kept among `cloud.assumed`, so that a report can say what was not checked.
    """

    schemas: ProviderSchemas
    cloud: CloudFolder
    subscription: str

    def read(self, type_: str, config: Values) -> dict[str, Any] | Refusal:
        """Return the values of a data source, or that there is no such thing."""
        asked = {
            name: value
            for name, value in config.items()
            if isinstance(value, (str, int, float)) and name != "timeouts"
        }
        found = next((r for r in self.cloud.all(type_) if _answers(r, asked)), None)
        id_ = found["id"] if found else self._id(type_, asked)
        if found is None and self._is_ours(id_):
            return Refusal(f"{type_.split('_', 1)[1].replace('_', ' ')} {id_} was not found")
        facts = self.schemas.facts("data", type_)
        block = self.schemas.block("data", type_)
        seen = {name: value for name, value in (found or {}).items() if value is not None}
        plan = Planner(block, facts.rules).plan({**seen, **_given(config)}, None)
        known = seen | related_values.known(type_, plan, self.cloud)
        values = Resolver(type_, id_, self.subscription, known).resolve(block, plan)
        if found is None:
            self.cloud.assumed.put(type_, id_, values)
        return values

    def _id(self, type_: str, asked: Values) -> str:
        if type_ == "azurerm_subscription":
            return f"/subscriptions/{asked.get('subscription_id', self.subscription)}"
        example = self.schemas.facts("resource", type_).id
        return new_id(type_, example, asked, self.subscription)

    def _is_ours(self, id_: str) -> bool:
        group = group_of(id_)
        known = self.cloud.find("azurerm_resource_group", group)
        return known is not None and not same(group, id_)


def _answers(resource: Values, asked: Values) -> bool:
    return bool(asked) and all(
        same(resource[name], value) for name, value in asked.items() if name in resource
    )


def _given(config: Values) -> dict[str, Any]:
    return {name: value for name, value in config.items() if value is not None and value != []}
