"""`make test-own-values`: what a company writes in its environment files breaks nothing here.

A copy of the checkout gets three environment files of a company in place of ours: other names, one
more, other ids, region, sizes, addresses, host, image, executor and certificate. Then it runs the
synthesizer, the policy gate, and every test that could depend on those files: the Makefile names
their folders, and further arguments are pytest's. A report of pytest is written beside where
`make test` would write it, as `own-values-<name>`. It is no part of the suite: it runs the suite.
Exit status: 0, or that of the first command that failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

from tests.environment_files import DEV, PROD, ROOT

LINKS = (".venv", ".cache", ".tools", "node_modules")
EVERYWHERE = {
    "westeurope": "swedencentral",
    "data-platform@example.com": "airflow@contoso.example",
    "4711": "cc-815",
    "rg-airflow-state": "rg-terraform",
    "vnet-ci": "vnet-build",
    "ci-agents": "build-agents",
    "Standard_D4ds_v5": "Standard_D16ds_v5",
    "3.3.2-0f1e2d3": "3.3.2-abcdef0",
    "sg-data-platform": "sg-database",
    "airflow/role": "contoso/role",
}
SMALL = {
    "10.40.": "172.20.",
    "10.244.0.0/16": "10.128.0.0/16",
    "10.245.0.0/20": "10.129.0.0/20",
    "monthly_budget = 800": "monthly_budget = 1234",
    "soft_delete_days = 7": "soft_delete_days = 9",
    "dev.example.com": "sandbox.contoso.example",
}
KEY_VAULT = {
    "[ingress]\n": '[ingress]\ncertificate = "key_vault"\nkey_vault_certificate = "airflow-tls"\n',
    'contact = "airflow@contoso.example"\n': "",
}
LARGE = {
    "10.50.": "172.21.",
    "10.246.0.0/16": "10.130.0.0/16",
    "10.247.0.0/20": "10.131.0.0/20",
    "monthly_budget = 9000": "monthly_budget = 20000",
    "airflow.example.com": "workflows.contoso.example",
    "dnsZones/example.com": "dnsZones/contoso.example",
    "northeurope": "germanywestcentral",
    "[airflow]\n": '[airflow]\nexecutors = ["CeleryExecutor"]\n',
}


def main() -> None:
    """Run it all in a copy that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="own-values-") as scratch:
        checkout = Path(scratch) / "checkout"
        copy(checkout)
        replace_values(checkout)
        for command in (
            ["-O", "main.py"],
            ["-m", "tools.synth_table"],
            ["-m", "tools.policy"],
            ["-m", "pytest", "-q", *map(kept, sys.argv[1:])],
        ):
            print("+ python", *command, flush=True)
            done = subprocess.run([".venv/bin/python", *command], cwd=checkout, check=False)
            if done.returncode:
                sys.exit(f"fails with a company's values: python {' '.join(command)}")


def kept(argument: str) -> str:
    """Let pytest write its report into this checkout; the copy's is deleted."""
    option, _, file = argument.partition("=")
    return f"{option}={ROOT / f'own-values-{file}'}" if option == "--junitxml" else argument


def copy(checkout: Path) -> None:
    """Copy what git knows or would add, as it stands now, and link what is installed.

    The copy is a Git repository: tests ask which texts belong to the project.
    """
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and name not in LINKS:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    for name in LINKS:
        if (ROOT / name).exists():
            (checkout / name).symlink_to(ROOT / name)


def replace_values(checkout: Path) -> None:
    """Put a company's environments in place of ours; our waivers are for what is like dev."""
    folder = checkout / "environments"
    for file in folder.glob("*.toml"):
        file.unlink()
    small = changed(DEV.read_text(), SMALL)
    # a network of agents of its own: Azure links one network to no two zones of one name
    second = {"172.20.": "172.22.", "sandbox.": "test.", "vnet-build": "vnet-test", **KEY_VAULT}
    for name, text in {
        "sbx": renamed(small, "dev", "sbx"),
        "test": changed(renamed(small, "dev", "test"), second),
        "live": renamed(changed(PROD.read_text(), LARGE), "prod", "live"),
    }.items():
        like = "prod" if name == "live" else "dev"
        (folder / f"{name}.toml").write_text(f'like = "{like}"\n{text}')


def renamed(text: str, old: str, new: str) -> str:
    """Give an environment another name, other ids, and what all of the company's share."""
    text = changed(text, {f'"{old}"': f'"{new}"', f"state{old}": f"state{new}", **EVERYWHERE})
    text = text.replace(f"tfstate-{old}", f"tfstate-{new}")
    uuid = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    return re.sub(uuid, lambda found: str(uuid5(NAMESPACE_DNS, found[0])), text)


def changed(text: str, changes: Mapping[str, str]) -> str:
    """Return a text with replacements, each of which must have found its place."""
    for old, new in changes.items():
        if old not in text:
            sys.exit(f"{old!r} is not there to be replaced; update {os.path.relpath(__file__)}")
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    main()
