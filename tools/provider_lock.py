"""The lock of Terraform's providers: `python -m tools.provider_lock write|lay`.

`write` asks the registry for every platform's checksums of the providers that stacks require, and
writes providers.lock.hcl, which is committed. Terraform itself asks and verifies the signatures;
stand-ins and providers built by hand never get into it, since locking looks at no local mirror.
`lay` puts the lock beside every synthesized stack, where `terraform init` holds to it; it does
nothing where no lock is committed.

Exit statuses: 0 good; 2 the registry cannot be reached, or nothing was synthesized.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from terraform_runner import processes
from terraform_runner.binary import find_terraform
from terraform_runner.errors import BadInputError, RunError

from conventions import company
from conventions.terraform_providers import TERRAFORM_PROVIDERS, TerraformProvider
from synthesis.reader import Synthesis, SynthesisError

LOCK = Path(__file__).resolve().parents[1] / "providers.lock.hcl"
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64")
_BLOCK = re.compile(r'^provider "[^"]*/(\w+)" \{.*?^\}\n', re.M | re.S)
app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def write(
    mirror: Annotated[
        str,
        typer.Option(
            help="a network mirror to ask, as https://mirror.example.com/; else "
            "each provider's own registry"
        ),
    ] = "",
    lock: Annotated[Path, typer.Option(help="the file to write")] = LOCK,
) -> None:
    """Write the lock of all platforms."""
    try:
        lock.write_text(locked(TERRAFORM_PROVIDERS, mirror), encoding="utf-8")
    except (BadInputError, RunError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{lock.name}: {len(TERRAFORM_PROVIDERS)} providers, {len(PLATFORMS)} platforms")


@app.command()
def lay(
    out: Annotated[
        Path | None, typer.Argument(help="the synthesized stacks; else cdktf.out")
    ] = None,
    lock: Annotated[Path, typer.Option(help="the committed lock")] = LOCK,
) -> None:
    """Put the lock beside every stack, with the providers that the stack requires."""
    try:
        stacks = Synthesis.load(out or company.output()).stacks
    except SynthesisError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    if not lock.exists():
        print(f"no {lock.name}: terraform takes the pinned versions without their checksums")
        return
    text = lock.read_text(encoding="utf-8")
    for stack in stacks:
        required = stack.document["terraform"]["required_providers"]
        laid = stack.path.with_name(".terraform.lock.hcl")
        laid.write_text(only(text, required), encoding="utf-8")
    print(f"{lock.name} lies beside {len(stacks)} stacks")


def locked(providers: Iterable[TerraformProvider], mirror: str = "") -> str:
    """Return the lock that Terraform writes for the providers on all platforms.

    Raises:
        BadInputError: the registry or the mirror cannot be reached, or lacks one of them.
    """
    required = {one.name: {"source": one.source, "version": one.version} for one in providers}
    options = [f"-platform={platform}" for platform in PLATFORMS]
    options += [f"-net-mirror={mirror}"] if mirror else []
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document = {"terraform": {"required_providers": required}}
        (folder / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
        terraform = find_terraform(folder, environment)
        command: list[str | Path] = [terraform, "providers", "lock", "-no-color", *options]
        done = processes.run(command, folder=folder, environment=environment)
        if done.returncode:
            words = " ".join(done.stderr.replace("│", " ").split())
            raise BadInputError(
                f"the providers cannot be locked: {words[max(words.find('Error: '), 0) :][:300]}",
                allowed="a registry that has every provider on every platform",
                fix="run it where registry.terraform.io can be reached, or with --mirror",
            )
        return (folder / ".terraform.lock.hcl").read_text(encoding="utf-8")


def only(text: str, names: Iterable[str]) -> str:
    """Return a lock with these providers alone: `terraform init` would take the others away."""
    kept = set(names)
    return _BLOCK.sub(lambda block: block[0] if block[1] in kept else "", text)


if __name__ == "__main__":
    app()
