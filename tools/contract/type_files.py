"""Microsoft's types: from a checkout of Azure/bicep-types-az, or fetched once for each user.

https://github.com/Azure/bicep-types-az holds them for every version of every API, made from the
specifications that Azure itself is built by. `microsoft_types.toml` pins one commit and the
SHA-256 of each file in use; a file is fetched from that commit and cached under its digest.
"""

import hashlib
import json
import os
import tempfile
import tomllib
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from terraform_runner.errors import BadInputError

PINS = Path(__file__).with_name("microsoft_types.toml")
CACHE = user_cache_path("airflow-on-azure") / "microsoft-types"
PUBLIC = "https://raw.githubusercontent.com/Azure/bicep-types-az"
_OFFLINE = (
    "run it where {url} can be reached, or name the folder `generated` of a checkout of "
    "github.com/Azure/bicep-types-az: make contract TYPES=FOLDER"
)


class TypeFiles:
    """The files of types by API, for example `microsoft.network@2025-01-01`."""

    def __init__(
        self, folder: Path | None = None, *, cache: Path = CACHE, source: str = PUBLIC
    ) -> None:
        """Find files in a folder `generated`, or by the pins.

        Raises:
            BadInputError: the folder holds no types.
        """
        self._folder, self._cache, self._source = folder, cache, source
        if folder and not any(folder.glob("*/microsoft.*")):
            raise BadInputError(
                f"{folder}: it holds no types",
                fix="name the folder `generated` of a checkout of github.com/Azure/bicep-types-az",
            )
        pins: dict[str, Any] = tomllib.loads(PINS.read_text(encoding="utf-8"))
        self.commit: str = pins["commit"]
        self._pins: Mapping[str, Mapping[str, str]] = pins["files"]

    def of(self, api: str) -> list[list[dict[str, Any]]]:
        """Return the types of every file that an API has; none, if the API is not known.

        Raises:
            BadInputError: a pinned file cannot be fetched, or is not the one that was pinned.
        """
        if self._folder:
            namespace, _, version = api.partition("@")
            files = sorted(self._folder.glob(f"*/{namespace}/{version}/types.json"))
            return [json.loads(file.read_text(encoding="utf-8")) for file in files]
        pinned = self._pins.get(api, {})
        return [json.loads(self._kept(path, digest)) for path, digest in pinned.items()]

    def _kept(self, path: str, digest: str) -> bytes:
        file = self._cache / f"{digest}.json"
        if file.exists() and _digest(content := file.read_bytes()) == digest:
            return content
        content = self._fetch(f"{self._source}/{self.commit}/generated/{path}", digest)
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._cache, delete=False) as half:
            half.write(content)
        os.replace(half.name, file)
        return content

    def _fetch(self, url: str, digest: str) -> bytes:
        try:
            with urllib.request.urlopen(url, timeout=60) as reply:
                content: bytes = reply.read()
        except (OSError, ValueError) as error:
            raise BadInputError(
                f"{url} cannot be fetched: {error}", fix=_OFFLINE.format(url=self._source)
            ) from None
        if (found := _digest(content)) != digest:
            raise BadInputError(
                f"{url}: sha256 is {found}, and {PINS.name} pins {digest}",
                fix="compare it with the file at github.com; do not use what came",
            )
        return content


def pins(folder: Path, commit: str, apis: Iterable[str]) -> str:
    """Return the pins of the files of some APIs, as TOML, from the folder of a checkout."""
    lines = [
        "# Microsoft's types in use, from github.com/Azure/bicep-types-az; written by",
        "# `python -m tools.contract pin`.",
        f'commit = "{commit}"',
    ]
    for api in sorted(set(apis)):
        namespace, _, version = api.partition("@")
        files = sorted(folder.glob(f"*/{namespace}/{version}/types.json"))
        lines += ["", f'[files."{api}"]'] if files else []
        lines += [
            f'"{file.relative_to(folder).as_posix()}" = "{_digest(file.read_bytes())}"'
            for file in files
        ]
    return "\n".join(lines) + "\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
