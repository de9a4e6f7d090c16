"""The synthesized stacks in cdktf.out, and the order that their dependencies give them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Self

from terraform_runner.errors import BadInputError

from tools.rehearsal.links import StateLink, backend_of, outputs_read

Document = dict[str, Any]
_AGAIN = "run `make synth` again"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One synthesized stack, named `<stack>-<environment>`."""

    name: str
    document: Document
    path: Path
    """The synthesized `cdk.tf.json`; the rehearsal works on copies."""
    dependencies: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """The part of the name behind the first hyphen: stack ids themselves hold none."""
        return self.name.partition("-")[2]

    @property
    def backend(self) -> StateLink:
        """Where the stack's own state lies."""
        return backend_of(self.name, self.document)

    @property
    def reads(self) -> dict[StateLink, frozenset[str]]:
        """The outputs it reads, by the state that they lie in."""
        return outputs_read(self.document)


@dataclass(frozen=True)
class Synthesis:
    """Stacks in an order in which each comes after those it depends on."""

    stacks: tuple[Stack, ...]

    @classmethod
    def load(cls, out: Path) -> Self:
        """Read the manifest and the stacks that `cdktf synth` or `main.py` wrote to `out`.

        Raises:
            BadInputError: there is no output, it is damaged, or stacks depend on each other.
        """
        manifest_path = out / "manifest.json"
        if not manifest_path.is_file():
            raise BadInputError(f"{out} holds no synthesized stacks", fix="run `make synth` first")
        try:
            entries = _json(manifest_path)["stacks"].items()
            paths = {name: out / entry["synthesizedStackPath"] for name, entry in entries}
        except (KeyError, TypeError, AttributeError) as error:
            told = f"{manifest_path} is not a manifest of cdktf: {error!r}"
            raise BadInputError(told, fix=_AGAIN) from None
        return cls.of(
            [
                Stack(
                    name=name,
                    document=_json(paths[name]),
                    path=paths[name],
                    dependencies=tuple(entry.get("dependencies", ())),
                )
                for name, entry in entries
            ]
        )

    @classmethod
    def of(cls, stacks: Sequence[Stack]) -> Self:
        """Put stacks in order.

        Raises:
            BadInputError: the stacks depend on each other in a circle.
        """
        try:
            order = list(TopologicalSorter(_needs(stacks)).static_order())
        except CycleError as error:
            around = " -> ".join(reversed(error.args[1]))
            raise BadInputError(
                f"stacks depend on each other in a circle: {around}: no order can deploy them",
                fix="let the later one own what both need",
            ) from None
        named = {stack.name: stack for stack in stacks}
        return cls(tuple(named[name] for name in order if name in named))

    @property
    def environments(self) -> tuple[str, ...]:
        """Names of the environments, sorted."""
        return tuple(sorted({stack.environment for stack in self.stacks}))

    def select(self, environment: str | None = None, stack: str | None = None) -> Self:
        """Keep one environment, or a stack (with or without its environment) and what it needs.

        Raises:
            BadInputError: there is no such environment or stack; the message names those there are.
        """
        chosen = [s for s in self.stacks if environment in (None, s.environment)]
        if not chosen:
            raise BadInputError(
                f"no environment {environment!r}",
                allowed=", ".join(self.environments),
                fix="name one of these, or write its file in environments/ and run `make synth`",
            )
        if stack is None:
            return type(self)(tuple(chosen))
        wanted = [s.name for s in chosen if stack in (s.name, s.name.partition("-")[0])]
        if not wanted:
            raise BadInputError(
                f"no stack {stack!r}",
                allowed=", ".join(s.name for s in chosen),
                fix="name one of these, with or without its environment",
            )
        needs = _needs(self.stacks)
        queue = list(wanted)
        for name in queue:  # it grows while we walk it
            queue += [needed for needed in needs.get(name, ()) if needed not in queue]
        return type(self)(tuple(s for s in self.stacks if s.name in queue))


def _needs(stacks: Sequence[Stack]) -> dict[str, list[str]]:
    """Name what each stack needs, by declaration or because it reads that stack's state."""
    owners = {stack.backend: stack.name for stack in stacks}
    return {
        stack.name: [*stack.dependencies, *(owners[link] for link in stack.reads if link in owners)]
        for stack in stacks
    }


def _json(path: Path) -> Document:
    try:
        document: Document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path} cannot be read: {error}", fix=_AGAIN) from None
    return document
