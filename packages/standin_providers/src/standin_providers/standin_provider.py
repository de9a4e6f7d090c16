"""A stand-in provider: each method answers one call of the plugin protocol.

https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
"""

import json
import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

from terraform_runner.provider_requirements import ProviderRequirements

from standin_providers import protocol_messages, related_values, replacements
from standin_providers.cloud_folder import CloudFolder, UnreadableResourceError
from standin_providers.data_sources import DataSources
from standin_providers.derive import FRAMEWORK
from standin_providers.ephemeral import opened
from standin_providers.identifiers import minted
from standin_providers.lifecycle import Lifecycle
from standin_providers.planning import Planner
from standin_providers.protocol_messages import Refusal, diagnostics, value_message
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.schema_fitting import fitted
from standin_providers.validation import refused
from standin_providers.values import UNKNOWN, decode

Answer = Mapping[str, Any]

_SUBSCRIPTION = "ARM_SUBSCRIPTION_ID"


class StandInProvider:
    """One of azurerm, azuread, helm, kubernetes and random, over the folder that plays Azure.

    It is configured by the run of Terraform that it serves; runs that share one should be of the
    same subscription.
    """

    def __init__(
        self, name: str, needs: ProviderRequirements, cloud: CloudFolder, schemas: ProviderSchemas
    ) -> None:
        self.schemas = schemas
        self._name = name
        self._needs = needs
        self.cloud = cloud
        self._legacy = name not in FRAMEWORK  # SDKv2 may plan a default that is not computed
        self._subscription = minted("subscription")
        self._features: Mapping[str, Any] = {}

    @cached_property
    def calls(self) -> Mapping[str, Callable[[Any], Answer]]:
        """What answers each call, by its name in the protocol."""
        return {
            "GetProviderSchema": self.get_provider_schema,
            "ConfigureProvider": self.configure_provider,
            "ValidateResourceConfig": self.validate_resource_config,
            "ValidateDataResourceConfig": self.validate_data_resource_config,
            "UpgradeResourceState": self.upgrade_resource_state,
            "ReadResource": self.read_resource,
            "PlanResourceChange": self.plan_resource_change,
            "ApplyResourceChange": self.apply_resource_change,
            "ImportResourceState": self.import_resource_state,
            "ReadDataSource": self.read_data_source,
            "OpenEphemeralResource": self.open_ephemeral_resource,
        }

    def get_provider_schema(self, request: Any) -> Answer:
        """Every type that the stacks use, and those that exist from earlier stacks."""
        own = f"{self._name}_"
        return self._schemas(frozenset(t for t in self.cloud.types() if t.startswith(own)))

    @cache  # noqa: B019  # a provider lives as long as the process that serves it
    def _schemas(self, existing: frozenset[str]) -> Answer:
        types = {**self._needs.types, "resource": self._needs.types["resource"] | existing}
        schemas = {
            kind: {
                type_: protocol_messages.schema_message(block)
                for type_, block in self.schemas.blocks(kind, types[kind]).items()
            }
            for kind in types
        }
        return {
            "provider": protocol_messages.schema_message(self.schemas.configuration),
            "resource_schemas": schemas["resource"],
            "data_source_schemas": schemas["data"],
            "ephemeral_resource_schemas": schemas["ephemeral"],
            # one run of Terraform starts a provider many times, and needs its schemas once
            "server_capabilities": {"get_provider_schema_optional": True},
        }

    def configure_provider(self, request: Any) -> Answer:
        """Keep the subscription and the features of azurerm; the others need nothing."""
        config = decode(request.config) or {}
        if self._name != "azurerm":
            return {}
        subscription = config.get("subscription_id") or os.environ.get(_SUBSCRIPTION)
        if not subscription:
            required = "`subscription_id` is a required provider property when performing a "
            return _refused(Refusal(required + "plan/apply operation"))
        self._subscription = str(subscription)
        self._features = (config.get("features") or [{}])[0]
        return {}

    def validate_resource_config(self, request: Any) -> Answer:
        """Refuse what the provider's own schema refuses."""
        return self._validated("resource", request)

    def validate_data_resource_config(self, request: Any) -> Answer:
        """Refuse what the provider's own schema refuses."""
        return self._validated("data", request)

    def upgrade_resource_state(self, request: Any) -> Answer:
        """Fit a state to the schema; states of every version are of the same shape here."""
        block = self.schemas.block("resource", request.type_name)
        state = fitted(block, json.loads(request.raw_state.json))
        return {"upgraded_state": value_message(state)}

    def read_resource(self, request: Any) -> Answer:
        """Say what is there now: drift shows here."""
        state = decode(request.current_state)
        return {"new_state": value_message(self._lifecycle().read(request.type_name, state))}

    def plan_resource_change(self, request: Any) -> Answer:
        """Plan a creation, a change in place or a replacement."""
        type_, proposed = request.type_name, decode(request.proposed_new_state)
        prior = decode(request.prior_state)
        if proposed is None:
            return {"planned_state": value_message(None)}
        planner = Planner(
            self.schemas.block("resource", type_), self.schemas.facts("resource", type_).rules
        )
        planned = planner.plan(proposed, prior)
        paths: list[protocol_messages.Path] = []
        if prior is not None:
            for cause, effect in related_values.RECOMPUTED.get(type_, {}).items():
                if planned.get(cause) != prior.get(cause):
                    planned[effect] = UNKNOWN
            paths = planner.replacing(planned, prior)
            paths += replacements.replacing(type_, planned, prior)
        return {
            "planned_state": value_message(planned),
            "requires_replace": [protocol_messages.path_message(path) for path in paths],
            "legacy_type_system": self._legacy,
        }

    def apply_resource_change(self, request: Any) -> Answer:
        """Carry the plan out; what is refused leaves everything as it was."""
        type_, planned = request.type_name, decode(request.planned_state)
        prior = decode(request.prior_state)
        with self.cloud.locked():
            result: dict[str, Any] | Refusal | None
            if planned is None:
                result = self._lifecycle().delete(type_, prior)
            elif prior is None:
                result = self._lifecycle().create(type_, planned)
            else:
                result = self._lifecycle().update(type_, planned, prior)
        if isinstance(result, Refusal):
            return {"new_state": value_message(prior), **_refused(result)}
        return {"new_state": value_message(result), "legacy_type_system": self._legacy}

    def import_resource_state(self, request: Any) -> Answer:
        """Take the id; Terraform reads the rest, and says so if there is nothing."""
        block = self.schemas.block("resource", request.type_name)
        state = value_message(fitted(block, {"id": request.id}))
        imported = protocol_messages.imported_message(request.type_name, state)
        return {"imported_resources": [imported]}

    def read_data_source(self, request: Any) -> Answer:
        """Answer from what is there, or from what is taken to be there."""
        lookup = DataSources(self.schemas, self.cloud, self._subscription)
        result = lookup.read(request.type_name, decode(request.config))
        if isinstance(result, Refusal):
            return _refused(result)
        return {"state": value_message(result)}

    def open_ephemeral_resource(self, request: Any) -> Answer:
        """Make a value for this run."""
        block = self.schemas.block("ephemeral", request.type_name)
        result = opened(request.type_name, block, decode(request.config), self.cloud)
        if isinstance(result, Refusal):
            return _refused(result)
        return {"result": value_message(result)}

    def _validated(self, kind: str, request: Any) -> Answer:
        block = self.schemas.block(kind, request.type_name)
        rules = self.schemas.facts(kind, request.type_name).rules
        return _refused(*refused(block, rules, decode(request.config) or {}))

    def _lifecycle(self) -> Lifecycle:
        return Lifecycle(self.schemas, self.cloud, self._subscription, self._features)


def answered(provider: StandInProvider, call: str, request: Any) -> Answer:
    """Answer a call by its name in the protocol; one that needs no answer gets an empty one."""
    try:
        return provider.calls[call](request) if call in provider.calls else {}
    except UnreadableResourceError as error:
        return _refused(Refusal("The cloud folder cannot be read", str(error)))
    except OSError as error:
        told = f"{error.strerror}: {error.filename or provider.cloud.folder}"
        return _refused(Refusal("The cloud folder cannot be used", told))


def _refused(*refusals: Refusal) -> Answer:
    return {"diagnostics": diagnostics(refusals)}
