"""The schemas of a provider's types, derived once and kept in the user's cache folder."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from platformdirs import user_cache_path

from tools.rehearsal.standin.derive import derive, derive_provider
from tools.rehearsal.standin.schema import Block
from tools.rehearsal.standin.wheel import Wheel

_DERIVING = ("derive", "schema", "typescript", "wheel")  # another derivation, another cache


class Catalog:
    """Blocks by kind (resource, data, provider) and type; None stands for no such type."""

    def __init__(self, provider: str) -> None:
        self.wheel = Wheel(provider)
        self._known: dict[tuple[str, str], Block | None] = {}

    def load(self, kind: str, types: Iterable[str]) -> dict[str, Block]:
        """Return the types that the provider has, deriving at one go those not yet cached."""
        wanted = set(types)
        for type_ in wanted - self._loaded(kind):
            self._known[kind, type_] = self._cached(kind, type_)
        if missing := {t for t in wanted if self._known[kind, t] is None}:
            for type_, block in self._derived(kind, missing).items():
                self._write(kind, type_, block)
                self._known[kind, type_] = block
        return {t: block for t in sorted(wanted) if (block := self._known[kind, t])}

    def _loaded(self, kind: str) -> set[str]:
        return {type_ for known, type_ in self._known if known == kind}

    def _derived(self, kind: str, types: set[str]) -> dict[str, Block]:
        if kind == "provider":
            return {type_: derive_provider(self.wheel) for type_ in types}
        return derive(self.wheel, kind, types)

    @cached_property
    def _folder(self) -> Path:
        code = b"".join((Path(__file__).parent / f"{m}.py").read_bytes() for m in _DERIVING)
        digest = hashlib.sha256(code).hexdigest()[:12]
        cache = user_cache_path("airflow-on-azure") / "provider-schemas"
        return cache / f"{self.wheel.release}-{digest}"

    def _cached(self, kind: str, type_: str) -> Block | None:
        try:
            return Block.from_json(json.loads((self._folder / kind / f"{type_}.json").read_text()))
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, kind: str, type_: str, block: Block) -> None:
        path = self._folder / kind / f"{type_}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as draft:
            json.dump(block.to_json(), draft)
        os.replace(draft.name, path)  # parallel runs write the same text, each in one step
