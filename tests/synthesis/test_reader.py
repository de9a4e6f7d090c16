"""cdktf.out as it is read: stacks, environments, order, links and references."""

from pathlib import Path
from typing import Any

import pytest

from conventions.faults import FaultError
from synthesis.links import outputs_read
from synthesis.reader import Synthesis
from synthesis.resources import EnvironmentStacks, by_environment
from synthesis.sources import StaleError
from tests.rehearsal.samples import data, document, network, state_of, write
from tools import synth_table


def loaded(project: Path, stacks: dict[str, Any], **needs: list[str]) -> Synthesis:
    named = {name.replace("_", "-"): needed for name, needed in needs.items()}
    return Synthesis.load(write(project, stacks, named) / "cdktf.out")


def in_environment(stack: str, environment: str, *, reads: tuple[str, ...] = ()) -> dict[str, Any]:
    return document(stack, {"terraform_data": {"a": {}}}, reads=reads, environment=environment)


def test_an_environment_s_name_may_hold_a_hyphen(tmp_path: Path) -> None:
    synthesis = loaded(tmp_path, {"network-eu-dev": in_environment("network", "eu-dev")})

    (stack,) = synthesis.stacks
    assert (stack.short_name, stack.environment) == ("network", "eu-dev")


def test_policy_and_table_name_such_an_environment_alike(tmp_path: Path) -> None:
    synthesis = loaded(tmp_path, {"network-eu-dev": in_environment("network", "eu-dev")})

    cells = [list(column.cells) for column in synth_table.table_of(synthesis).columns]
    assert [one.environment for one in by_environment(synthesis)] == ["eu-dev"]
    assert cells[:2] == [["eu-dev"], ["network"]]


def test_a_stack_comes_after_the_one_whose_state_it_reads(tmp_path: Path) -> None:
    stacks = {
        "data-dev": in_environment("data", "dev", reads=("network",)),
        "network-dev": in_environment("network", "dev"),
    }

    synthesis = loaded(tmp_path, stacks)

    assert [stack.name for stack in synthesis.stacks] == ["network-dev", "data-dev"]


def test_a_stack_comes_after_those_that_the_manifest_names(tmp_path: Path) -> None:
    stacks = {name: in_environment(name[:-4], "dev") for name in ("a-dev", "b-dev")}

    synthesis = loaded(tmp_path, stacks, a_dev=["b-dev"])

    assert [stack.name for stack in synthesis.stacks] == ["b-dev", "a-dev"]


def test_a_stack_is_selected_with_what_it_needs(tmp_path: Path) -> None:
    stacks = {name: in_environment(name[:-4], "dev") for name in ("a-dev", "b-dev", "c-dev")}

    selected = loaded(tmp_path, stacks, a_dev=["b-dev"]).select("dev", "a")

    assert [stack.name for stack in selected.stacks] == ["b-dev", "a-dev"]


def test_a_circle_is_named(tmp_path: Path) -> None:
    stacks = {name: in_environment(name[:-4], "dev") for name in ("a-dev", "b-dev")}

    with pytest.raises(FaultError, match=r"in a circle, .-dev -> .-dev -> .-dev: "):
        loaded(tmp_path, stacks, a_dev=["b-dev"], b_dev=["a-dev"])


def test_an_unknown_environment_is_answered_by_those_there_are(tmp_path: Path) -> None:
    synthesis = loaded(tmp_path, {"network-dev": network()})

    with pytest.raises(FaultError, match="there is no such environment\n    allowed: dev\n"):
        synthesis.select("tset")


@pytest.mark.parametrize("form", ["outputs.subnet_id}", 'outputs["subnet_id"]}'])
def test_an_output_that_is_read_is_found_in_both_spellings(form: str) -> None:
    stack = in_environment("data", "dev", reads=("network",))
    stack["locals"] = {"subnet": f"${{data.terraform_remote_state.network_state.{form}"}

    ((link, outputs),) = outputs_read(stack).items()

    assert (link.key, set(outputs)) == (state_of("network")["key"], {"subnet_id"})


def test_a_reference_is_followed_through_another_stack_s_output() -> None:
    here = EnvironmentStacks("dev", {"network": network(), "data": data()})
    (interface,) = here.resources("azurerm_network_interface")

    found = here.referred("data", interface.get("ip_configuration.subnet_id"))

    assert [(one.stack, one.address) for one in found] == [("network", "azurerm_subnet.pods")]


@pytest.mark.parametrize("manifest", ["{}", "[]", '{"stacks": {"a": {}}}', "{"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, manifest: str) -> None:
    write(tmp_path, {"network-dev": network()})
    (tmp_path / "cdktf.out/manifest.json").write_text(manifest)

    with pytest.raises(FaultError, match="fix: run: make synth"):
        Synthesis.load(tmp_path / "cdktf.out")


def test_an_output_without_a_record_of_its_sources_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"network-dev": network()})
    (tmp_path / "cdktf.out/sources.json").unlink()

    with pytest.raises(StaleError, match=r"holds no sources\.json.*\n.*\n    fix: run: make synth"):
        Synthesis.load(tmp_path / "cdktf.out", tmp_path)
