"""Files as editors and hurried people write them."""

from pathlib import Path

import pytest

from environments.load import EnvironmentFileError, load
from tests.environment_files import DEV


@pytest.fixture
def text() -> str:
    """The file of dev."""
    return DEV.read_text(encoding="utf-8")


def test_the_mark_of_an_editor_of_windows_is_no_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))

    assert load([file])[0].name == "dev"


@pytest.mark.parametrize("number", ["9" * 5000, "inf", "nan", "1e400"])
def test_a_number_without_end_is_refused_in_words(tmp_path: Path, text: str, number: str) -> None:
    file = tmp_path / "dev.toml"
    file.write_text(f"{text}\n[airflow.chart_values]\nlimit = {number}\n", encoding="utf-8")

    with pytest.raises(EnvironmentFileError) as caught:
        load([file])

    (fault,) = caught.value.faults
    assert fault.problem == "holds a number without end"


def test_a_file_of_another_name_than_its_environment_s_is_refused(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(tmp_path))
    file = tmp_path / "environments" / "develop.toml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")

    with pytest.raises(EnvironmentFileError) as caught:
        load([file])

    (fault,) = caught.value.faults
    assert (fault.place, fault.key) == (str(file), 'name = "dev"')
    assert fault.fix == "rename the file to dev.toml: nothing in Azure changes"


def test_a_copy_that_kept_the_name_is_not_to_be_written_over_its_original(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(tmp_path))
    folder = tmp_path / "environments"
    folder.mkdir()
    for name in ("dev.toml", "test.toml"):
        (folder / name).write_text(text, encoding="utf-8")

    with pytest.raises(EnvironmentFileError) as caught:
        load([folder / "test.toml"])

    assert caught.value.faults[0].fix == "set another name, and the file's accordingly"
