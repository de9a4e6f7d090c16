"""A stand-in provider: each method answers one call of the plugin protocol."""

import json
from collections.abc import Iterable
from typing import Any

from tools.rehearsal.standin.catalog import Catalog
from tools.rehearsal.standin.cloud import Cloud, Values
from tools.rehearsal.standin.computed import resolved
from tools.rehearsal.standin.messages import (
    Refusal,
    diagnostics,
    schema_message,
    value_message,
)
from tools.rehearsal.standin.needs import Needs
from tools.rehearsal.standin.planning import planned
from tools.rehearsal.standin.schema import Block
from tools.rehearsal.standin.values import decode

Answer = dict[str, Any]


def version_of(name: str) -> str:
    """Return the version of the provider that is stood in for."""
    return Catalog(name).wheel.version


class Provider:
    """One of azurerm, azuread, helm, kubernetes, over the folder that plays Azure."""

    def __init__(self, name: str, needs: Needs, cloud: Cloud) -> None:
        self._name = name
        self._needs = needs
        self._cloud = cloud
        self._catalog = Catalog(name)

    def GetProviderSchema(self, request: Any) -> Answer:  # noqa: N802  # the protocol's name
        """Every type that the stacks use, and those that exist from earlier stacks."""
        existing = (t for t in self._cloud.types() if t.startswith(f"{self._name}_"))
        resources = self._needs.types["resource"].union(existing)
        return {
            "provider": schema_message(self._catalog.load("provider", [self._name])[self._name]),
            "resource_schemas": self._schemas("resource", resources),
            "data_source_schemas": self._schemas("data", self._needs.types["data"]),
        }

    def ValidateProviderConfig(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def ConfigureProvider(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def StopProvider(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def GetFunctions(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def ValidateResourceConfig(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def ValidateDataResourceConfig(self, request: Any) -> Answer:  # noqa: N802
        return {}

    def UpgradeResourceState(self, request: Any) -> Answer:  # noqa: N802
        block, state = self._block(request.type_name), json.loads(request.raw_state.json)
        return {"upgraded_state": value_message(_fitted(block, state))}

    def ReadResource(self, request: Any) -> Answer:  # noqa: N802
        state = decode(request.current_state)
        return {"new_state": value_message(self._cloud.find(request.type_name, state["id"]))}

    def PlanResourceChange(self, request: Any) -> Answer:  # noqa: N802
        proposed, prior = decode(request.proposed_new_state), decode(request.prior_state)
        if proposed is None:
            return {"planned_state": value_message(None)}
        plan = planned(self._block(request.type_name), proposed, prior)
        return {"planned_state": value_message(plan), "legacy_type_system": True}

    def ApplyResourceChange(self, request: Any) -> Answer:  # noqa: N802
        type_, plan = request.type_name, decode(request.planned_state)
        prior = decode(request.prior_state)
        with self._cloud.locked():
            if plan is None:
                self._cloud.remove(type_, prior["id"])
                return {"new_state": value_message(None)}
            values = resolved(type_, self._block(type_), plan)
            self._cloud.put(type_, values["id"], values)
        return {"new_state": value_message(values), "legacy_type_system": True}

    def ImportResourceState(self, request: Any) -> Answer:  # noqa: N802
        return {"diagnostics": diagnostics([Refusal("Cannot import")])}

    def ReadDataSource(self, request: Any) -> Answer:  # noqa: N802
        block = self._catalog.load("data", [request.type_name])[request.type_name]
        plan = planned(block, decode(request.config), None)
        return {"state": value_message(resolved(request.type_name, block, plan))}

    def _schemas(self, kind: str, types: Iterable[str]) -> dict[str, Any]:
        return {t: schema_message(b) for t, b in self._catalog.load(kind, types).items()}

    def _block(self, type_: str) -> Block:
        return self._catalog.load("resource", [type_])[type_]


def _fitted(block: Block, state: Values) -> Values:
    members = [*block.attributes, *block.blocks]
    return {name: state.get(name) for name in members}
