"""Facts that tests compare with, from their public source: `python -m tools.reference_data`.

The schemas are what `terraform providers schema -json` says of the providers of the registry;
Terraform compares a provider with the registry's signed checksums before it starts it. What
providers check beyond their schemas (`*-rules.json`) was read from their Go sources: no public
file holds it, so only a checkout with ../shared/data beside it has it.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from platformdirs import user_cache_path
from terraform_runner import processes
from terraform_runner.binary import find_terraform
from terraform_runner.errors import BadInputError, RunError

from conventions.terraform_providers import AZUREAD, AZURERM

BESIDE = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
CACHE = user_cache_path("airflow-on-azure") / "reference-data"


class Provider(NamedTuple):
    """A provider as a stack requires it; one that Terraform itself holds has no version."""

    name: str
    source: str
    version: str

    @property
    def file(self) -> str:
        """What the file of its schema is called."""
        return f"{self.name}-{self.version}-schema.json"


# The releases that stacks require
PROVIDERS = tuple(
    Provider(pinned.name, f"registry.terraform.io/{pinned.source}", pinned.version)
    for pinned in (AZURERM, AZUREAD)
)


class DataMissingError(Exception):
    """A file is not on this machine; the message says how to get it."""


def find(name: str, *, beside: Path = BESIDE, cache: Path = CACHE) -> Path:
    """Return a file of reference data: beside the checkout, else in the user's cache.

    Raises:
        DataMissingError: it is in neither, or is no longer what was fetched.
    """
    if (beside / name).exists():
        return beside / name
    file = cache / name
    if not file.exists():
        how = "`make reference-data` fetches it" if "schema" in name else "no public source has it"
        raise DataMissingError(f"{name} is in neither {beside} nor {cache}; {how}")
    if digest(file) != _noted(file).read_text():
        raise DataMissingError(f"{file} is not what was fetched; delete it and fetch it again")
    return file


def fetch(provider: Provider, cache: Path = CACHE) -> Path:
    """Write the schema of a provider into the cache, unless it is there; return the file.

    Raises:
        BadInputError: there is no Terraform, or it cannot get or start the provider.
    """
    file = cache / provider.file
    if file.exists() and _noted(file).exists():
        return file
    text = json.dumps(_schema(provider), separators=(",", ":"), sort_keys=True)
    cache.mkdir(parents=True, exist_ok=True)
    _noted(file).write_text(hashlib.sha256(text.encode()).hexdigest())
    with tempfile.NamedTemporaryFile("w", dir=cache, delete=False) as half:
        half.write(text)
    os.replace(half.name, file)
    return file


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _noted(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _schema(provider: Provider) -> Any:
    required = {"source": provider.source, "version": provider.version}
    settings = {"required_providers": {provider.name: {k: v for k, v in required.items() if v}}}
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.tf.json").write_text(json.dumps({"terraform": settings}))
        terraform = find_terraform(folder, environment)
        for arguments in (["init", "-no-color"], ["providers", "schema", "-json", "-no-color"]):
            done = processes.run([terraform, *arguments], folder=folder, environment=environment)
            if done.returncode:
                words = " ".join(done.stderr.replace("│", " ").split())
                told = words[max(words.find("Error: "), 0) :][:300]
                raise BadInputError(
                    f"`terraform {arguments[0]}` has no {provider.name} {provider.version}: {told}",
                    fix="run it where registry.terraform.io, or a mirror of it, can be reached",
                )
    return json.loads(done.stdout)["provider_schemas"][provider.source]


def main() -> None:
    """Fetch every schema, as far as it can be had; fail if one cannot."""
    failures = []
    for provider in PROVIDERS:
        try:
            file = fetch(provider)
        except (BadInputError, RunError) as error:
            failures.append(str(error))
        else:
            print(file, digest(file))
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
