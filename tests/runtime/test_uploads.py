"""A version is a finished upload: the upload program and the DAG bundle against a real storage."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.parts.azurite import Azurite, storage_token
from tests.runtime.lab import Lab

OLD = {"a.py": "from b import old", "b.py": "old = 1"}
NEW = {"a.py": "from b import new", "b.py": "new = 1"}


@pytest.fixture
def lab(process: Lab) -> Lab:
    """A team's folder with one finished upload, and a DAG processor that serves it."""
    process.do(
        "where = containers(); box = where['container']; team = {**where, 'prefix': 'sales'}"
    )
    process.do("upload(box, a='from b import old', b='old = 1')")
    process.do("b = bundle(**team); b.initialize(); b.refresh(); first = version(b)")
    return process


def half_of_an_upload(lab: Lab) -> None:
    told = lab.eval("breaks_off(box, 1, a='from b import new', b='new = 1', commit='c2')")
    assert told == "broke off"


def test_an_upload_that_breaks_off_changes_nothing(lab: Lab) -> None:
    half_of_an_upload(lab)

    lab.do("b.refresh()")

    assert lab.eval("content(b)") == OLD
    assert lab.eval("version(b)") == lab.eval("first")


def test_a_processor_that_starts_in_the_middle_serves_the_last_version(lab: Lab) -> None:
    half_of_an_upload(lab)

    lab.do("on_a_new_disk(); fresh = bundle(**team); fresh.initialize(); fresh.refresh()")

    assert lab.eval("content(fresh)") == OLD
    assert lab.eval("version(fresh)") == lab.eval("first")


def test_an_upload_that_is_run_again_after_it_broke_off_is_the_next_version(lab: Lab) -> None:
    half_of_an_upload(lab)
    lab.do("upload(box, a='from b import new', b='new = 1', commit='c2'); b.refresh()")

    assert lab.eval("content(b)") == NEW
    assert lab.eval("version(b)") != lab.eval("first")


def test_an_upload_that_begins_before_the_last_one_was_seen_is_waited_for(lab: Lab) -> None:
    lab.do("upload(box, a='from b import new', b='new = 1', commit='c2')")
    lab.do("breaks_off(box, 1, a='third', b='three', commit='c3'); b.refresh()")
    assert lab.eval("version(b)") == lab.eval("first")

    lab.do("upload(box, a='third', b='three', commit='c3'); b.refresh()")

    assert lab.eval("content(b)") == {"a.py": "third", "b.py": "three"}


def test_the_marker_names_the_commit_and_every_file_with_its_digest(lab: Lab) -> None:
    marker = lab.eval("__import__('json').loads(blobs(box)['sales/.upload.json'])")

    assert marker["commit"] == "c1"
    assert sorted(marker["files"]) == ["a.py", "b.py"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in marker["files"].values())


def test_the_version_holds_no_marker(lab: Lab) -> None:
    assert sorted(lab.eval("content(b)")) == ["a.py", "b.py"]


def test_only_what_changed_is_uploaded_and_what_is_gone_is_deleted(lab: Lab) -> None:
    told = lab.eval("upload(box, a='from b import old', c='three')")

    assert told.endswith("of commit c1: 2 files, 1 uploaded, 1 deleted")
    assert sorted(lab.eval("blobs(box)")) == ["sales/.upload.json", "sales/a.py", "sales/c.py"]


def test_only_what_changed_is_fetched(lab: Lab, storage: Azurite) -> None:
    lab.do("upload(box, a='from b import old', b='old = 2'); b.refresh()")
    container = lab.eval("box")

    assert storage.requests("GET", f"{container}/sales/a.py") == 1
    assert storage.requests("GET", f"{container}/sales/b.py") == 2


def test_files_are_not_listed_while_the_marker_is_the_same(lab: Lab, storage: Azurite) -> None:
    lab.do("patient = bundle(**team, refresh_interval=60); patient.initialize()")
    listings = f"{lab.eval('box')}?"
    before = storage.requests("GET", listings)

    lab.do("patient.refresh(); patient.refresh()")

    assert storage.requests("GET", listings) == before > 0


def test_the_next_look_at_the_marker_brings_a_new_upload(lab: Lab) -> None:
    lab.do("patient = bundle(**team, refresh_interval=60); patient.initialize()")

    lab.do("upload(box, a='from b import new', b='new = 1', commit='c2'); patient.refresh()")

    assert lab.eval("content(patient)") == NEW


def test_the_old_version_stays_as_it_was(lab: Lab) -> None:
    lab.do("old = b.path; times = {p.name: p.stat().st_mtime for p in old.iterdir()}")

    lab.do("upload(box, a='from b import old', b='old = 2'); b.refresh()")

    assert lab.eval("{p.name: p.read_text() for p in old.iterdir()}") == OLD
    assert lab.eval("{p.name: p.stat().st_mtime for p in old.iterdir()} == times")


def test_what_a_commit_takes_back_is_parsed_before_the_others(lab: Lab) -> None:
    lab.do("upload(box, a='from b import old', b='old = 2', c='later'); b.refresh()")

    lab.do("upload(box, a='from b import old', b='old = 1'); b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")
    newest = "max(b.path.glob('*.py'), key=lambda file: file.stat().st_mtime_ns).name"
    assert lab.eval(newest) == "b.py"


def test_what_is_put_by_hand_beside_an_upload_is_not_served(lab: Lab) -> None:
    lab.do("put_named(box, 'sales/hotfix.py', 'by hand'); b.refresh()")

    assert lab.eval("content(b)") == OLD


def test_a_team_does_not_see_another_team_s_folder(lab: Lab) -> None:
    lab.do("upload(box, target='shop', a='of the shop'); b.refresh()")

    assert lab.eval("content(b)") == OLD


@pytest.mark.parametrize(
    "content", ["", "{}", '{"commit": "c", "files": {}}', "[1]", '"x"', "[" * 100_000]
)
def test_a_damaged_marker_keeps_the_version(lab: Lab, content: str) -> None:
    lab.do(f"put_named(box, 'sales/.upload.json', {content!r}); b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")


def test_a_marker_that_would_fill_the_memory_is_not_read(lab: Lab, storage: Azurite) -> None:
    lab.do("put_named(box, 'sales/.upload.json', 'x' * (17 * 1024 * 1024))")
    read = storage.requests("GET", f"{lab.eval('box')}/sales/.upload.json")

    lab.do("b.refresh()")

    assert storage.requests("GET", f"{lab.eval('box')}/sales/.upload.json") == read == 1
    assert lab.eval("version(b)") == lab.eval("first")


def test_a_marker_cannot_write_outside_its_folder(lab: Lab) -> None:
    lab.do("evil = __import__('json').dumps({'commit': 'c', 'files': {'../x.py': '0'}})")
    lab.do("put_named(box, 'sales/.upload.json', evil); b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")


def test_a_folder_without_a_marker_is_taken_when_it_stood_still(lab: Lab) -> None:
    lab.do("hand = bundle(name='hand', prefix='hand', refresh_interval=1, **where)")
    lab.do("put_named(box, 'hand/a.py', 'one'); hand.initialize(); hand.refresh()")
    assert lab.eval("content(hand)") == {}

    lab.do("import time; put_named(box, 'hand/b.py', 'two'); time.sleep(1.1); hand.refresh()")
    assert lab.eval("content(hand)") == {}

    lab.do("time.sleep(1.1); hand.refresh()")
    assert lab.eval("content(hand)") == {"a.py": "one", "b.py": "two"}


def test_two_uploads_at_once_are_refused(lab: Lab) -> None:
    lab.do("send = Upload._send")
    lab.do(
        "Upload._send = lambda self, path: "
        "(send(self, path), put_named(box, 'sales/' + path, 'of another'))[0]"
    )

    refused = lab.eval("error(lambda: upload(box, a='from b import new', b='new = 1'))")

    lab.do("Upload._send = send; b.refresh()")
    assert "two uploads of the folder sales/ run at once" in refused
    assert lab.eval("version(b)") == lab.eval("first")


def run_upload(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program as pipelines/dags.yml does: with the project's own Python."""
    return subprocess.run(
        [sys.executable, "-m", "airflow_azure.upload", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "images/airflow")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A team's DAGs."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text("one")
    return tmp_path / "dags"


def to(storage: Azurite) -> list[str]:
    return ["--account", storage.url, "--target", "sales", "--commit", "c1"]


def test_the_program_signs_in_with_the_token_of_az(keyless_storage: Azurite, folder: Path) -> None:
    signed_in = {
        "STORAGE_ACCESS_TOKEN": storage_token(),
        "REQUESTS_CA_BUNDLE": str(keyless_storage.authority),
    }

    refused = run_upload(str(folder), *to(keyless_storage), **signed_in)

    # the token is taken: without one Azurite says 403, not that the container is missing
    assert refused.returncode == 1
    assert "The specified container does not exist" in refused.stderr
    assert refused.stderr.endswith("Airflow keeps the DAGs that it has.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "/"], "--target is empty; give the team's folder, for example sales-data"),
        (["no/such"], "no/such is not a folder; give the folder that holds the DAG files"),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_allowed(
    folder: Path, arguments: list[str], told: str
) -> None:
    place = [] if arguments == ["no/such"] else [str(folder)]
    more = ["--account", "https://x", "--commit", "c1", "--target", "sales", *arguments]

    refused = run_upload(*place, *more, STORAGE_ACCESS_TOKEN="x")

    assert (refused.returncode, refused.stderr.splitlines()[0]) == (2, told)


def test_without_a_token_the_command_that_gets_one_is_named(folder: Path) -> None:
    refused = run_upload(str(folder), "--account=https://x", "--target=s", "--commit=c")

    assert refused.returncode == 2
    assert "az account get-access-token --resource https://storage.azure.com" in refused.stderr


def test_an_empty_folder_is_not_uploaded(tmp_path: Path) -> None:
    refused = run_upload(
        str(tmp_path), "--account=https://x", "--target=s", "--commit=c", STORAGE_ACCESS_TOKEN="x"
    )

    assert (refused.returncode, "holds no files" in refused.stderr) == (1, True)


def test_a_linked_folder_is_refused_because_its_files_would_be_left_out(folder: Path) -> None:
    (folder.parent / "common").mkdir()
    (folder / "common").symlink_to("../common")

    refused = run_upload(
        str(folder), "--account=https://x", "--target=s", "--commit=c", STORAGE_ACCESS_TOKEN="x"
    )

    assert refused.returncode == 1
    assert refused.stderr.startswith("common is a link to a folder, whose files would be left out")
