"""What `python main.py` does, as its users run it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conventions.company import OUTDIR
from synthesis.sources import RECORD
from tests.environment_files import DEV, FILES, PROD
from tests.parts.skips import missing


def synth(
    project: Path, outdir: Path, *files: Path, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    """Run the synthesizer of `project` into `outdir`, from another folder than its own."""
    return subprocess.run(
        [sys.executable, project / "main.py", *files],
        cwd=outdir.parent,
        env={**os.environ, OUTDIR: str(outdir), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` with its bytes."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def outdir(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with the stacks of both environments, which no argument names."""
    folder = tmp_path_factory.mktemp("elsewhere") / "cdktf.out"
    done = synth(project, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_environment_has_five_stacks(outdir: Path) -> None:
    names = {folder.name for folder in (outdir / "stacks").iterdir()}

    assert names == {
        f"{stack}-{env}"
        for stack in ("network", "data", "identity", "platform", "airflow")
        for env in ("dev", "prod")
    }


def test_a_second_synth_is_the_same_to_the_byte(outdir: Path, synthesized: Path) -> None:
    record = {RECORD: (outdir / RECORD).read_bytes()}

    assert content(outdir) == content(synthesized) | record


def test_no_path_of_the_machine_stands_in_the_output(outdir: Path, project: Path) -> None:
    home = str(Path.home()).encode()

    for name, data in content(outdir).items():
        assert str(project).encode() not in data, name
        assert str(outdir).encode() not in data, name
        assert home == b"/" or home not in data, name


def test_nothing_crosses_stacks_but_contracts(outdir: Path) -> None:
    assert not [name for name, data in content(outdir).items() if b"cross-stack" in data]


def test_a_refused_file_leaves_the_previous_output_whole(
    project: Path, outdir: Path, tmp_path: Path
) -> None:
    before = content(outdir)
    bad = tmp_path / "bad.toml"
    bad.write_text(DEV.read_text().replace("westeurope", "mars"))

    done = synth(project, outdir, PROD, bad)

    assert (done.returncode, content(outdir) == before) == (2, True)


def test_a_file_that_is_named_twice_is_read_once(project: Path, tmp_path: Path) -> None:
    done = synth(project, tmp_path / "out", DEV, DEV.parent / ".." / DEV.parent.name / DEV.name)

    assert done.returncode == 0, done.stderr


def test_a_link_that_leads_to_itself_is_refused_in_words(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "dev.toml"
    link.symlink_to(link)

    done = synth(project, tmp_path / "out", link)

    assert (done.returncode, "fix: correct the link" in done.stderr) == (2, True)


def test_a_refused_file_ends_without_traceback(project: Path, tmp_path: Path) -> None:
    done = synth(project, tmp_path / "out", tmp_path / "nope.toml")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "there is no such file" in done.stderr


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_who_asks_for_help_is_told_what_it_does(project: Path, tmp_path: Path, option: str) -> None:
    done = synth(project, tmp_path / "out", Path(option))

    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "`python main.py [FILE...]`" in done.stdout


def test_a_machine_without_node_is_told_so(project: Path, tmp_path: Path) -> None:
    done = synth(project, tmp_path / "out", DEV, path=str(tmp_path))

    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            "node: no such program on PATH",
            "    allowed: Node 20 or newer, which cdktf runs on",
            "    fix: install Node, or name it in the variable JSII_NODE",
        ],
    )


def test_a_user_whose_home_cannot_be_written_synthesizes_as_all_others(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null/home")  # as in a container, and for root too

    done = synth(project, tmp_path / "out", DEV)

    assert done.returncode == 0, done.stderr


def test_an_output_folder_that_cannot_be_is_named(project: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands here")

    done = synth(project, tmp_path / "out", DEV)

    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'out'}: cannot be written: File exists\n")


def test_another_file_than_the_output_s_is_named_as_itself(project: Path, tmp_path: Path) -> None:
    build = (
        "import sys; from pathlib import Path; from synthesis.program import run\n"
        "run(lambda app, environments, seed: Path('/dev/null/ca.pem').read_text())"
    )

    done = subprocess.run(
        [sys.executable, "-c", build, DEV],
        cwd=project,
        env={**os.environ, OUTDIR: str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("/dev/null/ca.pem: cannot be read or written: Not a directory\n")


def test_who_has_closed_the_output_gets_the_stacks(project: Path, tmp_path: Path) -> None:
    closed = f"exec '{sys.executable}' '{project}/main.py' '{DEV}' >&- 2>&-"
    outdir = {OUTDIR: str(tmp_path / "out")}

    done = subprocess.run(["sh", "-c", closed], env=os.environ | outdir, check=False)

    assert done.returncode == 0
    assert (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_synth_leaves_a_word_and_nothing_else(
    project: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    outdir = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, project / "main.py", DEV],
        env=os.environ | {OUTDIR: str(outdir)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        while running.poll() is None and not list(outdir.glob(".synth-*")):
            time.sleep(0.01)
        os.killpg(running.pid, sign)  # Node, too, as Ctrl-C does
        _, said = running.communicate(timeout=30)

    assert (running.returncode, said) == (130, "interrupted\n")
    assert list(outdir.iterdir()) == []


def test_a_synth_under_nohup_outlives_its_terminal(project: Path, tmp_path: Path) -> None:
    outdir = tmp_path / "out"
    with subprocess.Popen(
        ["nohup", sys.executable, project / "main.py", DEV],
        env=os.environ | {OUTDIR: str(outdir)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        while running.poll() is None and not list(outdir.glob(".synth-*")):
            time.sleep(0.01)
        running.send_signal(signal.SIGHUP)

    assert running.returncode == 0


def test_a_disk_that_is_full_is_named(project: Path, tmp_path: Path) -> None:
    small = f"mount -t tmpfs -o size=300k tmpfs '{tmp_path}'"
    if subprocess.run(["unshare", "--mount", "sh", "-c", small], check=False).returncode:
        missing("only root makes a small disk")
    synth_there = f"exec '{sys.executable}' '{project}/main.py' '{DEV}'"

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{small} && {synth_there}"],
        env=os.environ | {OUTDIR: str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'out'}: cannot be written: no space left on device")
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def again(project: Path, outdir: Path) -> Path:
    """The same folder after a second synth; beside the stacks of the first was more."""
    old = outdir / "stacks" / "network-old" / "cdk.tf.json"
    old.parent.mkdir()
    old.write_text("{}")
    kept = outdir / "stacks" / "network-dev" / ".terraform" / "environment"
    kept.parent.mkdir()
    kept.write_text("default")
    done = synth(project, outdir, *FILES)
    assert done.returncode == 0, done.stderr
    return outdir


def test_a_removed_environment_leaves_no_stack_behind(again: Path) -> None:
    assert not (again / "stacks" / "network-old" / "cdk.tf.json").exists()


def test_what_terraform_keeps_beside_the_json_stays(again: Path) -> None:
    kept = again / "stacks" / "network-dev" / ".terraform" / "environment"

    assert kept.read_text() == "default"
