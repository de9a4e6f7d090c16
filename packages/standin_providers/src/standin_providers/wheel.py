"""A provider's binding as installed: its version and the TypeScript it was generated as."""

import base64
import importlib.util
import json
import re
import tarfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from terraform_runner.errors import BadInputError


class MissingBindingError(BadInputError):
    """A provider that stacks use has no installed binding; the message says what to install."""


class Wheel:
    """The installed `cdktf-cdktf-provider-<name>`.

    Its jsii tarball holds a file per Terraform type, and each file ends in an inline source map
    with the original TypeScript, where every attribute's flags and type are written down.

    Raises:
        MissingBindingError: the binding is not installed.
    """

    def __init__(self, provider: str) -> None:
        self.provider = provider
        package = f"cdktf_cdktf_provider_{provider}"
        # finding a top-level package does not run it: running a binding takes seconds
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise MissingBindingError(
                f"a stack uses the provider {provider!r}, whose schema comes from the package "
                f"{package.replace('_', '-')}, which is not installed",
                fix=f"add {package.replace('_', '-')} to the requirements, and install it",
            )
        self._archive = next((Path(spec.origin).parent / "_jsii").glob("*.tgz"))

    @property
    def release(self) -> str:
        """The binding's own version: `provider-azurerm@14.23.1`."""
        return self._archive.name.removesuffix(".jsii.tgz")

    @cached_property
    def version(self) -> str:
        """The version of the provider that the binding was generated from."""
        text = self.sources(["provider"])["provider"]
        found = re.search(r"providers/hashicorp/\w+/([\d.]+)/docs", text)
        assert found, f"{self._archive} names no provider version"
        return found[1]

    def sources(self, folders: Iterable[str]) -> Mapping[str, str]:
        """Return the TypeScript of each of the binding's folders that exists."""
        wanted = set(folders)
        parts: dict[str, list[tuple[str, str]]] = {}
        with tarfile.open(self._archive) as archive:
            for member in archive:
                found = re.fullmatch(
                    r"package/lib/([^/]+)/(index|index-structs/structs\d+)\.js", member.name
                )
                if found and found[1] in wanted and (file := archive.extractfile(member)):
                    parts.setdefault(found[1], []).append((found[2], _original(file.read())))
        return {name: "\n".join(text for _, text in sorted(p)) for name, p in parts.items()}


def _original(javascript: bytes) -> str:
    encoded = javascript.rsplit(b"base64,", 1)[1].split(b"\n", 1)[0]
    return str(json.loads(base64.b64decode(encoded))["sourcesContent"][0])
