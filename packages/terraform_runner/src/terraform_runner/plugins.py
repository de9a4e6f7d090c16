"""Real providers on disk: as built from source, in Terraform's plugin cache, or in a mirror."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from terraform_runner.errors import BadInputError
from terraform_runner.provider_requirements import ProviderRequirements

# terraform-provider-azurerm, ..._v4.55.0_x5, ..._4.55.0_linux_amd64.zip
_FILE = re.compile(
    r"terraform-provider-(?P<name>[a-z0-9-]+)(?:_v?(?P<version>\d+\.\d+\.\d+)(?:_.*)?)?"
)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
HERE = f"{sys.platform}_{_MACHINES.get(platform.machine(), platform.machine())}"


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One provider's program, or its zip; built from source it does not tell its version."""

    name: str
    version: str | None
    path: Path


@dataclass(frozen=True)
class Plugins:
    """The providers that a folder holds for this platform."""

    found: tuple[Plugin, ...]

    @classmethod
    def find(cls, folder: Path) -> Self:
        """Search a folder and what is in it.

        Raises:
            BadInputError: it holds no provider for this platform.
        """
        found = tuple(p for file in sorted(_files(folder)) if (p := _plugin(file)))
        if not found:
            raise BadInputError(
                f"{folder}: no provider for {HERE} in it",
                allowed="a folder with files such as terraform-provider-azurerm, a plugin cache, "
                "or what `terraform providers mirror` has written",
                fix=f"`terraform providers mirror {folder}` in a stack's folder fills it",
            )
        return cls(found)

    @property
    def names(self) -> frozenset[str]:
        """The providers' names."""
        return frozenset(plugin.name for plugin in self.found)

    def lay(self, mirror: Path, needs: Mapping[str, ProviderRequirements]) -> None:
        """Link those that are needed into a filesystem mirror.

        One that does not tell its version stands for every version that the stacks require.
        """
        for plugin in self.found:
            if plugin.name not in needs:
                continue
            for address in needs[plugin.name].addresses:
                _lay_one(mirror.resolve() / address, plugin, needs[plugin.name].versions)


def usual_folder(name: str, variables: Mapping[str, str]) -> Path | None:
    """Return the first folder in which Terraform itself keeps providers and that holds this one."""
    home = Path(variables.get("HOME", "/nonexistent"))
    cache = variables.get("TF_PLUGIN_CACHE_DIR")
    places = [Path(cache)] if cache else []
    places += [
        home / ".terraform.d" / "plugins",
        home / ".terraform.d" / "plugin-cache",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    for place in places:
        if any((p := _plugin(file)) and p.name == name for file in _files(place)):
            return place
    return None


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("terraform-provider-*"):
        if file.suffix == ".zip" or (file.is_file() and os.access(file, os.X_OK)):
            yield file


def _plugin(file: Path) -> Plugin | None:
    found = _FILE.fullmatch(file.name.removesuffix(".zip").removesuffix(".exe"))
    version, place = file.parent.parent.name, file.parent.name
    in_mirror = re.fullmatch(r"[a-z]+_[a-z0-9]+", place) and re.fullmatch(r"\d+\.\d+\.\d+", version)
    elsewhere = place != HERE if in_mirror else file.suffix == ".zip" and HERE not in file.name
    if not found or elsewhere:
        return None
    return Plugin(
        name=found["name"],
        version=version if in_mirror else found["version"],
        path=file.resolve(),
    )


def _lay_one(place: Path, plugin: Plugin, required: Iterable[str]) -> None:
    if plugin.path.suffix == ".zip":
        _link(place / plugin.path.name, plugin.path)
        return
    for version in [plugin.version] if plugin.version else required:
        _link(place / version / HERE / f"terraform-provider-{plugin.name}", plugin.path)


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # of an earlier run in the same folder
    path.symlink_to(target)
