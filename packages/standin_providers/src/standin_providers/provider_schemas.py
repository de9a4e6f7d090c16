"""The schemas of a provider's types, derived once and kept in the user's cache folder."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from standin_providers.derive import derive, derive_provider
from standin_providers.facts import FOLDER, Facts, completed, facts_of
from standin_providers.newer import Json, applied, newer
from standin_providers.schema import Block
from standin_providers.wheel import Wheel

_DERIVING = ("derive", "schema", "typescript", "wheel")  # another derivation, another cache


class ProviderSchemas:
    """Schemas and facts of one provider, by kind (resource, data, ephemeral) and type.

    They are the pinned version's (`newer`); with `bound` those of the installed binding alone.

    Raises:
        MissingBindingError: the provider has neither an installed binding nor a schema by hand.
    """

    def __init__(self, provider: str, *, bound: bool = False) -> None:
        self._provider = provider
        self._newer = {} if bound else newer(provider)
        self._by_hand = _ephemeral().get(provider, {})
        self._wheel = None if "version" in self._by_hand else Wheel(provider)
        self._derived: dict[tuple[str, str], Block | None] = {}

    @cached_property
    def version(self) -> str:
        """The version of the provider that is stood in for."""
        if self._newer:
            return str(self._newer["version"])
        if not self._wheel:
            return str(self._by_hand["version"])
        path = self._folder / "version"
        with suppress(OSError):
            return path.read_text()
        _write(path, self._wheel.version)
        return self._wheel.version

    @property
    def configuration(self) -> Block:
        """The block of the provider's own configuration."""
        bound = self._load("provider", [self._provider]).get(self._provider, Block())
        return _with(bound, self._newer.get("provider", {}))

    def blocks(self, kind: str, types: Iterable[str]) -> dict[str, Block]:
        """Return the types that the provider has, complete with what bindings lose."""
        if kind == "ephemeral":
            known = self._by_hand.get(kind, {})
            return {t: Block.from_json(known[t]) for t in sorted(types) if t in known}
        wanted, changes = sorted(types), self._newer.get(kind, {})
        bound = self._load(kind, wanted)
        return {
            type_: _with(
                completed(bound.get(type_, Block()), self.facts(kind, type_).rules),
                changes.get(type_, {}),
            )
            for type_ in wanted
            if type_ in bound or type_ in changes
        }

    @cache  # noqa: B019  # a schemas lives as long as the process that serves it
    def block(self, kind: str, type_: str) -> Block:
        """Return one type; Terraform asks only for types that `blocks` has returned."""
        return self.blocks(kind, [type_])[type_]

    @cache  # noqa: B019
    def facts(self, kind: str, type_: str) -> Facts:
        """Return what is known about a type beside its schema."""
        return facts_of(self._provider, kind, type_)

    def _load(self, kind: str, types: list[str]) -> dict[str, Block]:
        """Derive at one go what neither this process nor the cache folder has yet."""
        for type_ in types:
            if (kind, type_) not in self._derived and (block := self._cached(kind, type_)):
                self._derived[kind, type_] = block
        missing = [t for t in types if (kind, t) not in self._derived]
        derived = self._derive(kind, missing) if missing else {}
        for type_ in missing:
            self._derived[kind, type_] = derived.get(type_)
        for type_, block in derived.items():
            _write(self._folder / kind / f"{type_}.json", json.dumps(block.to_json()))
        return {t: known for t in types if (known := self._derived[kind, t])}

    def _derive(self, kind: str, types: list[str]) -> dict[str, Block]:
        if not self._wheel:
            return {}
        if kind == "provider":
            return {self._provider: derive_provider(self._wheel)}
        return derive(self._wheel, kind, types)

    @cached_property
    def _folder(self) -> Path:
        code = b"".join((Path(__file__).parent / f"{m}.py").read_bytes() for m in _DERIVING)
        release = self._wheel.release if self._wheel else self._provider
        name = f"{release}-{hashlib.sha256(code).hexdigest()[:12]}"
        return user_cache_path("airflow-on-azure") / "provider-schemas" / name

    def _cached(self, kind: str, type_: str) -> Block | None:
        with suppress(OSError, ValueError):
            return Block.from_json(json.loads((self._folder / kind / f"{type_}.json").read_text()))
        return None


def _with(block: Block, change: Json) -> Block:
    return Block.from_json(applied(block.to_json(), change)) if change else block


def _write(path: Path, text: str) -> None:
    with suppress(OSError):  # a home that cannot be written to costs time, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as draft:
            draft.write(text)
        os.replace(draft.name, path)  # parallel runs write the same text, each in one step


@cache
def _ephemeral() -> dict[str, Any]:
    """Schemas that no binding has: cdktf knows no ephemeral resources."""
    stored: dict[str, Any] = json.loads((FOLDER / "ephemeral.json").read_text())
    return stored
