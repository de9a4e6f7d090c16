"""The synthesized stacks of one environment, as resources that refer to each other."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synthesis.links import Document, StateLink, own_state, read_by
from synthesis.reader import Synthesis

RESOURCE = re.compile(r"\b((?:azurerm|azuread|helm)_\w+)\.(\w+)")


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource of a stack; its Terraform address is unique in the stack only."""

    stack: str
    type: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The Terraform address, `<type>.<name>`."""
        return f"{self.type}.{self.name}"

    def all(self, path: str) -> list[Any]:
        """Return every value at a dotted path; a block may be an object or a list of them."""
        values: list[Any] = [self.arguments]
        for step in path.split("."):
            inner = (value.get(step) for value in values if isinstance(value, dict))
            values = [element for value in inner for element in _elements(value)]
        return values

    def get(self, path: str) -> Any:
        """Return the first value at a dotted path, or None."""
        return next(iter(self.all(path)), None)


class EnvironmentStacks:
    """Every stack of one environment, by the name of the stack without the environment's."""

    def __init__(self, environment: str, documents: Mapping[str, Document]) -> None:
        self.environment = environment
        self.documents = documents

    @cached_property
    def _by_state(self) -> dict[StateLink, str]:
        states = ((name, own_state(document)) for name, document in self.documents.items())
        return {state: name for name, state in states if state}

    @cached_property
    def _by_address(self) -> dict[tuple[str, str], Resource]:
        found = (
            Resource(stack, kind, name, arguments)
            for stack, content in self.documents.items()
            for kind, resources in content.get("resource", {}).items()
            for name, arguments in resources.items()
        )
        return {(resource.stack, resource.address): resource for resource in found}

    def resources(self, *types: str) -> list[Resource]:
        """Return the resources of these types, or all, in the order of the stacks."""
        everything = self._by_address.values()
        return [item for item in everything if not types or item.type in types]

    def referred(self, stack: str, expression: Any) -> Iterator[Resource]:
        """Yield the resources that a Terraform expression of `stack` speaks of.

        References into another stack's state are followed to the resource behind the output.
        """
        for state, output in read_by(self.documents[stack], expression):
            if producer := self._by_state.get(state):
                outputs = self.documents[producer].get("output", {})
                yield from self.referred(producer, outputs.get(output, {}).get("value"))
        for kind, name in RESOURCE.findall(str(expression)):
            if resource := self._by_address.get((stack, f"{kind}.{name}")):
                yield resource

    def literals(self, stack: str, expression: Any) -> Iterator[str]:
        """Yield what an expression of `stack` says itself, such as an id from a file.

        References into another stack's state are followed to the value of the output.
        """
        links = list(read_by(self.documents[stack], expression))
        if not links:
            yield str(expression)
        for state, output in links:
            if producer := self._by_state.get(state):
                outputs = self.documents[producer].get("output", {})
                yield from self.literals(producer, outputs.get(output, {}).get("value"))


def by_environment(synthesis: Synthesis) -> list[EnvironmentStacks]:
    """Return the environments of a synthesis, by name."""
    return [
        EnvironmentStacks(
            environment, {s.short_name: s.document for s in synthesis.select(environment).stacks}
        )
        for environment in synthesis.environments
    ]


def _elements(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
