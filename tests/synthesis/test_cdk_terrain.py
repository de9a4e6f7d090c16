"""CDK Terrain synthesizes the same sources into the same stacks."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from conventions.company import OUTDIR
from conventions.faults import FaultError
from synthesis.reader import Stack, Synthesis
from tests.fixtures import read_json
from tests.parts.skips import missing
from tools.cdk_terrain.__main__ import EXPECTED, main, python, synthesize, unexpected


@pytest.fixture(scope="module")
def interpreter(a_program: None) -> Path:
    """The Python that has CDK Terrain, and no cdktf."""
    try:
        return python()
    except FaultError as error:
        return missing(str(error))


@pytest.fixture(scope="module")
def by_cdktn(project: Path, interpreter: Path) -> dict[str, Any]:
    """The Terraform JSON of every stack of both environments, as CDK Terrain writes it."""
    assert interpreter.exists()
    assert synthesize(project) == 0
    files = sorted(project.glob("cdktn.out/stacks/*/cdk.tf.json"))
    return {file.parent.name: read_json(file) for file in files}


def without_the_writer(document: Any) -> Any:
    """A stack without the version of the program that wrote it."""
    copy = json.loads(json.dumps(document))
    del copy["//"]["metadata"]["version"]
    return copy


def test_cdk_terrain_wrote_the_stacks(by_cdktn: dict[str, Any]) -> None:
    writers = {document["//"]["metadata"]["version"] for document in by_cdktn.values()}

    assert writers == {"0.22.1"}


def test_every_stack_is_the_same_but_for_the_writers_version(
    by_cdktn: dict[str, Any], stacks: dict[str, Any]
) -> None:
    assert len(by_cdktn) == 10
    assert {name: without_the_writer(document) for name, document in by_cdktn.items()} == {
        name: without_the_writer(document) for name, document in stacks.items()
    }


def test_it_is_compared_with_what_lies_where_the_synth_was_told_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(OUTDIR, str(tmp_path))

    with pytest.raises(SystemExit, match="2"):
        main()

    assert f"{tmp_path}: holds no synthesized stacks" in capsys.readouterr().err


@pytest.mark.parametrize("provider", ["azuread", "azurerm", "helm", "kubernetes"])
def test_its_bindings_ship_the_lazy_index_that_node_is_led_to(
    interpreter: Path, provider: str
) -> None:
    (archive,) = interpreter.parents[1].glob(
        f"lib/python*/site-packages/cdktn_provider_{provider}/_jsii/*.tgz"
    )

    with tarfile.open(archive) as tar:
        assert "package/lib/lazy-index.js" in tar.getnames()


def stack(name: str, location: str, writer: str) -> Synthesis:
    document = {
        "//": {"metadata": {"version": writer}},
        "resource": {"azurerm_resource_group": {"group": {"location": location}}},
    }
    return Synthesis.of([Stack(name=name, document=document, path=Path("unused"))])


def test_a_stack_that_differs_is_told_with_place_and_both_values() -> None:
    told = unexpected(stack("data-dev", "here", "0.21.0"), stack("data-dev", "there", "0.22.1"))

    assert list(told) == [
        "data-dev: resource.azurerm_resource_group.group.location = 'here', with cdktn 'there'"
    ]


def test_a_stack_that_one_of_them_lacks_is_told() -> None:
    told = unexpected(stack("data-dev", "here", "0.21.0"), stack("data-tst", "here", "0.21.0"))

    assert {line.split(":")[0] for line in told} == {"data-dev", "data-tst"}


def test_the_version_of_the_writer_is_expected_to_differ() -> None:
    told = unexpected(stack("data-dev", "here", "0.21.0"), stack("data-dev", "here", "0.22.1"))

    assert EXPECTED == "//.metadata.version"
    assert list(told) == []
