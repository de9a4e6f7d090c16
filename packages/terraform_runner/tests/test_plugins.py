"""Programs of providers on disk, by the names that Terraform and its mirrors give them."""

import platform
from pathlib import Path

import pytest
from terraform_runner.errors import BadInputError
from terraform_runner.plugins import HERE, Plugin, Plugins

PROGRAM = "terraform-provider-azurerm"


def test_a_folder_without_providers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()

    with pytest.raises(BadInputError, match=f"no provider for {HERE} in it"):
        Plugins.find(tmp_path)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (f"{PROGRAM}_v4.55.0_x5", "4.55.0"),
        (f"{PROGRAM}_4.55.0_{HERE}.zip", "4.55.0"),
        (PROGRAM, None),
    ],
)
def test_a_program_is_known_by_its_name(tmp_path: Path, name: str, version: str | None) -> None:
    file = tmp_path / name
    file.touch(mode=0o755)

    assert Plugins.find(tmp_path).found == (Plugin(name="azurerm", version=version, path=file),)


def test_a_program_for_another_platform_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{PROGRAM}_4.55.0_plan9_mips.zip").touch()

    with pytest.raises(BadInputError):
        Plugins.find(tmp_path)


def test_the_platform_is_named_as_terraform_names_it() -> None:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

    assert HERE.endswith(f"_{machine}")
