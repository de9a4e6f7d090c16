"""Azure as the stand-in plays it, without Terraform in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standin_providers.cloud_folder import CloudFolder
from standin_providers.lifecycle import Lifecycle
from standin_providers.planning import Planner
from standin_providers.protocol_messages import Refusal
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.schema_fitting import fitted

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-test"
SCHEMAS = {name: ProviderSchemas(name) for name in ("azurerm", "azuread")}


class RefusedError(Exception):
    """What Azure said."""


@dataclass
class Azure:
    """Creates, updates and deletes; what is refused raises RefusedError."""

    folder: Path
    features: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cloud(self) -> CloudFolder:
        return CloudFolder(self.folder)

    def create(self, type_: str, **arguments: Any) -> dict[str, Any]:
        return _accepted(self._lifecycle(type_).create(type_, _planned(type_, arguments)))

    def update(self, type_: str, prior: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        planned = {**prior, **arguments}
        return _accepted(self._lifecycle(type_).update(type_, planned, prior))

    def delete(self, type_: str, prior: dict[str, Any]) -> None:
        refusal = self._lifecycle(type_).delete(type_, prior)
        if refusal:
            raise RefusedError(refusal.summary)

    def _lifecycle(self, type_: str) -> Lifecycle:
        return Lifecycle(_schemas_of(type_), self.cloud, SUBSCRIPTION, self.features)


def _planned(type_: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    block = _schemas_of(type_).block("resource", type_)
    rules = _schemas_of(type_).facts("resource", type_).rules
    return Planner(block, rules).plan(fitted(block, arguments), None)


def _schemas_of(type_: str) -> ProviderSchemas:
    return SCHEMAS[type_.split("_")[0]]


def _accepted(result: dict[str, Any] | Refusal) -> dict[str, Any]:
    if isinstance(result, Refusal):
        raise RefusedError(result.summary)
    return result
