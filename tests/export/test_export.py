"""The exported stacks are plain Terraform: they run without Python, cdktf and Node."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import standin_providers as standin
from terraform_runner.binary import VARIABLE, find_terraform
from terraform_runner.offline import offline

from conventions.faults import FaultError
from synthesis.reader import Synthesis
from tests.fixtures import read_json
from tests.parts.skips import not_given
from tests.rehearsal.samples import network
from tools.export.__main__ import export, plain
from tools.provider_lock import only

LOCK = """provider "registry.terraform.io/hashicorp/azurerm" {
  version = "4.81.0"
}
provider "registry.terraform.io/hashicorp/helm" {
  version = "3.1.1"
}
"""


@pytest.fixture(scope="module")
def exported(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both environments of the tests, exported with a lock of two providers."""
    folder = tmp_path_factory.mktemp("export")
    lock = folder / "providers.lock.hcl"
    lock.write_text(LOCK)
    export(Synthesis.load(synthesized), folder / "out", lock)
    return folder / "out"


def test_every_stack_lies_in_the_order_of_its_deployment(exported: Path) -> None:
    folders = [str(f.parent.relative_to(exported)) for f in exported.glob("dev/*/main.tf.json")]

    assert sorted(folders) == [
        "dev/1-network",
        "dev/2-data",
        "dev/3-identity",
        "dev/4-platform",
        "dev/5-airflow",
    ]


def test_nothing_in_it_speaks_of_cdktf(exported: Path) -> None:
    texts = {file: file.read_text() for file in exported.rglob("*.tf.json")}

    assert len(texts) == 10
    assert [file for file, text in texts.items() if "cdktf" in text or '"//"' in text] == []


def test_resources_backends_and_providers_are_those_that_were_synthesized(
    exported: Path, stacks: dict[str, Any]
) -> None:
    platform = read_json(exported / "prod/4-platform/main.tf.json")
    synthesized = stacks["platform-prod"]

    addresses = {kind: set(named) for kind, named in synthesized["resource"].items()}
    assert {kind: set(named) for kind, named in platform["resource"].items()} == addresses
    assert platform["terraform"]["backend"] == synthesized["terraform"]["backend"]
    assert platform["provider"] == synthesized["provider"]


def test_a_terraform_without_write_only_arguments_is_refused_by_the_stacks(exported: Path) -> None:
    terraform = read_json(exported / "dev/2-data/main.tf.json")["terraform"]

    assert terraform["required_version"] == ">= 1.11"


def test_each_stack_has_the_checksums_of_its_own_providers(exported: Path) -> None:
    assert (exported / "dev/1-network/.terraform.lock.hcl").read_text() == only(LOCK, ["azurerm"])
    assert (exported / "dev/5-airflow/.terraform.lock.hcl").read_text() == LOCK


def test_the_readme_names_each_folder_its_state_and_what_it_reads(exported: Path) -> None:
    rows = (exported / "README.md").read_text().splitlines()

    assert (
        "| 2 | `dev/2-data` | `stairflowstatedev/tfstate-dev/airflow/dev/data.tfstate` "
        "| `dev/1-network` |"
    ) in rows


def test_an_export_is_never_written_over_another(exported: Path, synthesized: Path) -> None:
    edited = exported / "dev/1-network/main.tf.json"
    before = edited.read_text()

    with pytest.raises(FaultError, match="perhaps edited stacks of an earlier export"):
        export(Synthesis.load(synthesized), exported)

    assert edited.read_text() == before


@pytest.fixture(params=["terraform", "tofu"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Terraform, and OpenTofu where it is at hand."""
    if request.param == "terraform":
        return find_terraform(tmp_path)
    found = shutil.which("tofu")
    return Path(found) if found else not_given("no tofu on PATH")


@pytest.fixture
def company(tmp_path: Path, synthesized: Path, program: Path) -> Iterator["Company"]:
    """The tests' dev, exported, on a machine that has Terraform and no other program."""
    out = tmp_path / "out"
    dev = Synthesis.load(synthesized).select("dev")
    stacks = export(dev, out, tmp_path / "no.lock.hcl")
    states = tmp_path / "states"
    for one in stacks:
        document = json.dumps(local(one.stack.document, states))
        (out / one.folder / "local_override.tf.json").write_text(document)
    (tmp_path / "no-programs").mkdir()
    paths = sorted(out.glob("*/*/main.tf.json"))
    with standin.in_process(paths, tmp_path / "cloud") as providers:
        here = {VARIABLE: str(program), "PATH": str(tmp_path / "no-programs")}
        variables = {**offline(os.environ, tmp_path), **providers, **here}
        yield Company(out, tmp_path / "cloud", variables)


class Company:
    """Whoever has left cdktf."""

    def __init__(self, out: Path, cloud: Path, variables: Mapping[str, str]) -> None:
        self._out, self._cloud, self._variables = out, cloud, variables

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run the script of the export."""
        return subprocess.run(
            ["/bin/sh", self._out / "all.sh", *command],
            env=dict(self._variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def made(self) -> set[str]:
        """The types of what exists in the cloud."""
        return {file.parent.name for file in self._cloud.glob("[!.]*/*.json")}


def local(document: dict[str, Any], states: Path) -> dict[str, Any]:
    """Terraform's own way to replace parts of a configuration: the states as local files."""

    def file(config: Mapping[str, str]) -> dict[str, str]:
        return {"path": str(states / config["key"])}

    read = document.get("data", {}).get("terraform_remote_state", {})
    remote = {n: {"backend": "local", "config": file(s["config"])} for n, s in read.items()}
    backend = {"local": file(document["terraform"]["backend"]["azurerm"])}
    data = {"data": {"terraform_remote_state": remote}} if remote else {}
    return {"terraform": {"backend": backend}, **data}


def test_the_stacks_are_applied_come_to_rest_and_are_destroyed_without_node(
    company: Company,
) -> None:
    applied = company.run("dev", "apply", "-auto-approve")
    made = company.made()
    planned = company.run("dev", "plan", "-detailed-exitcode")
    destroyed = company.run("dev", "destroy", "-auto-approve")

    assert applied.returncode == 0, applied.stderr
    assert {"azurerm_virtual_network", "helm_release"} <= made
    assert planned.returncode == 0, planned.stdout  # 2 would be a plan that is not empty
    assert destroyed.returncode == 0, destroyed.stderr
    assert company.made() == set()


def test_a_wrong_call_names_the_environments(company: Company) -> None:
    done = company.run("tst", "plan")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "environments: dev/"


def test_a_stack_is_otherwise_what_was_synthesized() -> None:
    synthesized = network()
    bare = plain(synthesized)

    assert bare.pop("terraform") == {"required_version": ">= 1.11", **synthesized["terraform"]}
    assert bare == {
        key: value for key, value in synthesized.items() if key not in ("//", "terraform")
    }
