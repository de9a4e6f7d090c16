"""Reads cdktf.out: the stacks with their environments, in the order that deploys them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Self

from conventions.faults import Fault, FaultError
from synthesis.links import Document, StateLink, backend_of, outputs_read, own_state
from synthesis.sources import SYNTH, refuse_stale


class SynthesisError(FaultError):
    """There is no output, it is damaged, or it does not hold what was asked for."""


def parts_of(name: str) -> tuple[str, str]:
    """Split the name of a synthesized stack into the stack and its environment.

    At the first hyphen: a stack's own name holds none, an environment's may. The seed belongs to no
    environment, and stands beside them as one of a single stack.
    """
    stack, _, environment = name.partition("-")
    return stack, environment or stack


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One synthesized stack, named `<stack>-<environment>`."""

    name: str
    document: Document
    path: Path
    """The synthesized `cdk.tf.json`."""
    dependencies: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """The name without the environment, for example `network`."""
        return parts_of(self.name)[0]

    @property
    def environment(self) -> str:
        """The environment, for example `dev`."""
        return parts_of(self.name)[1]

    def resources(self, type_: str) -> dict[str, Document]:
        """Return its resources of one Terraform type, by their names in the stack."""
        found: dict[str, Document] = self.document.get("resource", {}).get(type_, {})
        return found

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
    def load(cls, out: Path, root: Path | None = None) -> Self:
        """Read the manifest and the stacks that `make synth` or `cdktf synth` wrote to `out`.

        Args:
            out: the output folder.
            root: the checkout that the output must be up to date with; None: any output will do.

        Raises:
            SynthesisError: there is no output, it is damaged, or stacks depend on each other.
            StaleError: a source of the output is not what it was.
        """
        manifest = out / "manifest.json"
        if not manifest.is_file():
            raise _damaged(out, "holds no synthesized stacks")
        if root is not None:
            refuse_stale(out, root)
        try:
            entries = _json(manifest)["stacks"].items()
            paths = {name: out / entry["synthesizedStackPath"] for name, entry in entries}
        except (KeyError, TypeError, AttributeError) as error:
            raise _damaged(manifest, f"is not a manifest of cdktf: {error!r}") from None
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
            SynthesisError: the stacks depend on each other in a circle.
        """
        try:
            order = list(TopologicalSorter(_needs(stacks)).static_order())
        except CycleError as error:
            around = " -> ".join(reversed(error.args[1]))
            fault = Fault(
                place="the stacks",
                problem=f"depend on each other in a circle, {around}: no order can deploy them",
                fix="let the later one own what both need",
            )
            raise SynthesisError([fault]) from None
        named = {stack.name: stack for stack in stacks}
        return cls(tuple(named[name] for name in order if name in named))

    @property
    def environments(self) -> tuple[str, ...]:
        """Names of the environments, sorted."""
        return tuple(sorted({stack.environment for stack in self.stacks}))

    def select(self, environment: str | None = None, stack: str | None = None) -> Self:
        """Keep one environment, or a stack (with or without its environment) and what it needs.

        Raises:
            SynthesisError: there is no such environment or stack; the message names those there
                are.
        """
        chosen = [s for s in self.stacks if environment in (None, s.environment)]
        if not chosen:
            fault = Fault(
                place=f"environment {environment!r}",
                problem="there is no such environment",
                allowed=", ".join(self.environments),
                fix="name one of these, or write its file in environments/ and run: make synth",
            )
            raise SynthesisError([fault])
        if stack is None:
            return type(self)(tuple(chosen))
        wanted = [s.name for s in chosen if stack in (s.name, s.short_name)]
        if not wanted:
            fault = Fault(
                place=f"stack {stack!r}",
                problem="there is no such stack",
                allowed=", ".join(s.name for s in chosen),
                fix="name one of these, with or without its environment",
            )
            raise SynthesisError([fault])
        needs = _needs(self.stacks)
        queue = list(wanted)
        for name in queue:  # it grows while we walk it
            queue += [needed for needed in needs.get(name, ()) if needed not in queue]
        return type(self)(tuple(s for s in self.stacks if s.name in queue))


def _needs(stacks: Sequence[Stack]) -> dict[str, list[str]]:
    """Name what each stack needs, by declaration or because it reads that stack's state."""
    owners = {own: stack.name for stack in stacks if (own := own_state(stack.document))}
    return {
        stack.name: [*stack.dependencies, *(owners[link] for link in stack.reads if link in owners)]
        for stack in stacks
    }


def _json(path: Path) -> Document:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, f"cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise _damaged(path, "is not a JSON object")
    return document


def _damaged(place: Path, problem: str) -> SynthesisError:
    return SynthesisError([Fault(place=str(place), problem=problem, fix=SYNTH)])
