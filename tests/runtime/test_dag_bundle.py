"""The DAG bundle against a real Blob service: what it fetches, keeps, publishes and refuses."""

import re

import pytest

from tests.parts.azurite import Azurite
from tests.runtime.lab import Lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    """The process with two fresh containers, two DAG files and an empty disk."""
    process.do("where = containers(); put(where['container'], a='one', folder__b='two')")
    return process


def test_the_first_refresh_brings_every_file(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh()")

    assert lab.eval("content(b)") == {"a.py": "one", "folder/b.py": "two"}


def test_a_refresh_without_a_change_fetches_nothing(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize()")
    container = lab.eval("where['container']")
    before = storage.requests("GET", f"{container}/")

    lab.do("b.refresh()")

    assert storage.requests("GET", f"{container}/") == before == 2


def test_only_the_changed_blob_is_fetched(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize(); put(where['container'], a='changed')")
    container = lab.eval("where['container']")

    lab.do("b.refresh()")

    assert lab.eval("content(b)") == {"a.py": "changed", "folder/b.py": "two"}
    assert storage.requests("GET", f"{container}/a.py") == 2
    assert storage.requests("GET", f"{container}/folder/b.py") == 1


@pytest.mark.parametrize("changed", ["a", "folder__b"])
def test_what_changed_is_newest_because_airflow_parses_it_before_the_others(
    lab: Lab, changed: str
) -> None:
    lab.do("b = bundle(**where); b.initialize()")

    lab.do(f"put(where['container'], {changed}='changed'); b.refresh()")

    newest = "max(b.path.rglob('*.py'), key=lambda file: file.stat().st_mtime_ns)"
    assert lab.eval(f"str({newest}.relative_to(b.path))") == changed.replace("__", "/") + ".py"


def test_a_deleted_blob_is_gone_from_the_next_version(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize()")
    lab.do("service.get_blob_client(where['container'], 'a.py').delete_blob()")

    lab.do("b.refresh()")

    assert lab.eval("content(b)") == {"folder/b.py": "two"}


def test_the_folder_of_the_old_version_stays_as_it_was(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); old = b.path")

    lab.do("put(where['container'], a='changed'); b.refresh()")

    assert lab.eval("(old / 'a.py').read_text()") == "one"
    assert lab.eval("str(old)") != lab.eval("str(b.path)")


def test_the_same_files_uploaded_again_are_the_same_version(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); first = version(b)")

    lab.do("put(where['container'], a='one'); b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")


def test_a_task_keeps_its_version_while_the_dags_move_on(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); first = version(b)")
    lab.do("put(where['container'], a='changed'); b.refresh()")

    lab.do("on_a_new_disk(); task = bundle(version=first, **where); task.initialize()")

    assert lab.eval("content(task)") == {"a.py": "one", "folder/b.py": "two"}
    assert lab.eval("version(task)") == lab.eval("first")


def test_a_worker_fetches_a_version_in_one_request(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); on_a_new_disk()")
    uploads, versions = lab.eval("list(where.values())")
    before = storage.requests("GET", uploads)

    lab.do("task = bundle(version=version(b), **where); task.initialize()")

    assert storage.requests("GET", f"{versions}/dags/") == 1
    assert storage.requests("GET", uploads) == before


def test_eight_processes_that_start_at_once_fetch_a_version_once(
    lab: Lab, storage: Azurite
) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); on_a_new_disk()")
    lab.do(
        "starts = lambda _: (t := bundle(version=version(b), **where)).initialize() or content(t)"
    )

    contents = lab.eval("list(ThreadPoolExecutor(8).map(starts, range(8)))")

    assert contents == [{"a.py": "one", "folder/b.py": "two"}] * 8
    versions = lab.eval("where['versions_container']")
    assert storage.requests("GET", f"{versions}/dags/") == 1


def test_with_storage_away_the_last_version_is_served(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh()")

    with storage.away():
        lab.do("b.refresh()")

    assert lab.eval("content(b)") == {"a.py": "one", "folder/b.py": "two"}


def test_a_dag_processor_that_restarts_with_storage_away_serves_what_its_disk_has(
    lab: Lab, storage: Azurite
) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh()")

    with storage.away():
        lab.do("again = bundle(**where); again.initialize(); again.refresh()")

    assert lab.eval("content(again)") == {"a.py": "one", "folder/b.py": "two"}


def test_a_worker_that_has_the_version_needs_no_storage(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); v = version(b)")
    lab.do("bundle(version=v, **where).initialize()")

    with storage.away():
        lab.do("task = bundle(version=v, **where); task.initialize()")

    assert lab.eval("content(task)") == {"a.py": "one", "folder/b.py": "two"}


def test_a_folder_that_somebody_cleaned_up_is_filled_again(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); import shutil; shutil.rmtree(b.path)")

    lab.do("b.refresh()")

    assert lab.eval("content(b)") == {"a.py": "one", "folder/b.py": "two"}


def test_after_the_outage_the_newest_files_arrive(lab: Lab, storage: Azurite) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh()")
    with storage.away():
        lab.do("b.refresh()")

    lab.do("put(where['container'], a='after'); b.refresh()")

    assert lab.eval("content(b)['a.py']") == "after"


def test_a_version_that_cannot_be_published_does_not_become_the_current_one(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); first = version(b)")
    lab.do("service.delete_container(where['versions_container'])")

    lab.do("put(where['container'], a='changed'); b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("MAX_FILES = 1", r"holds 2 files; allowed are 1: move what is no DAG elsewhere"),
        ("MAX_MIB = 0", r"holds 0.0 MiB; allowed are 0: the largest file is"),
    ],
)
def test_what_passes_a_limit_is_refused_with_the_reason(lab: Lab, limit: str, message: str) -> None:
    name, value = limit.split(" = ")
    lab.do(f"from airflow_azure import snapshot; old = snapshot.{name}; snapshot.{limit}")

    refused = lab.eval("error(lambda: bundle(**where).initialize())")

    lab.do(f"snapshot.{name} = old")
    assert value in refused
    assert refused.startswith("BundleUnavailableError: DAG bundle dags: ")
    assert re.search(message, refused), refused


def test_a_container_that_is_not_there_is_named(lab: Lab) -> None:
    refused = lab.eval("error(lambda: bundle(**{**where, 'container': 'no-such'}).initialize())")

    assert re.search(r"container no-such .*: it does not exist; create it, or", refused), refused


def test_a_team_that_has_not_uploaded_yet_is_no_error(lab: Lab) -> None:
    lab.do("b = bundle(prefix='new-team', **where); b.initialize(); b.refresh()")

    assert lab.eval("content(b)") == {}
    assert lab.eval("b.get_current_version()") is None


def test_a_folder_that_is_emptied_keeps_its_last_version(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh()")
    lab.do("client = service.get_container_client(where['container'])")
    lab.do("[client.delete_blob(blob.name) for blob in client.list_blobs()]")

    lab.do("b.refresh(); on_a_new_disk(); fresh = bundle(**where); fresh.initialize()")

    assert lab.eval("[content(b), content(fresh)]") == [{"a.py": "one", "folder/b.py": "two"}] * 2


def test_storage_that_is_away_at_the_first_start_is_told(lab: Lab, storage: Azurite) -> None:
    with storage.away():
        refused = lab.eval("error(lambda: bundle(**where).initialize())")

    assert "BundleUnavailableError: DAG bundle dags: cannot list container" in refused
    assert "(connection wasb_default, http://127.0.0.1:" in refused


def test_a_version_that_is_not_there_any_more_is_told_with_the_remedy(lab: Lab) -> None:
    refused = lab.eval("error(lambda: bundle(version='0123abcd', **where).initialize())")

    assert "version 0123abcd is not in container" in refused
    assert "clear the run with the latest bundle version" in refused


def test_an_archive_that_somebody_changed_is_refused(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); v = version(b); on_a_new_disk()")
    lab.do("from airflow_azure import snapshot")
    lab.do("forged = pathlib.Path(tempfile.mkdtemp()); (forged / 'a.py').write_text('evil')")
    lab.do("forged_as = snapshot.version_of(snapshot.digests_of(forged))")
    lab.do("zipped = snapshot.pack(forged, ['a.py'], forged_as)")
    lab.do("put_named(where['versions_container'], f'dags/{v}.zip', zipped)")

    refused = lab.eval("error(lambda: bundle(version=v, **where).initialize())")

    assert "somebody changed it" in refused
    assert not lab.eval("bundle(version=v, **where).path.exists()")


TAMPER = "file = b.path / 'folder/b.py'; file.chmod(0o644); file.write_text('of another team')"


def test_a_file_that_code_beside_it_changed_does_not_reach_the_next_version(lab: Lab) -> None:
    lab.do(f"b = bundle(**where); b.initialize(); b.refresh(); {TAMPER}")

    lab.do("put(where['container'], a='changed'); b.refresh()")

    lab.do("on_a_new_disk(); task = bundle(version=version(b), **where); task.initialize()")
    assert lab.eval("content(task)") == {"a.py": "changed", "folder/b.py": "two"}


def test_a_version_whose_archive_was_deleted_is_published_again_as_it_was(lab: Lab) -> None:
    lab.do(f"b = bundle(**where); b.initialize(); b.refresh(); first = version(b); {TAMPER}")
    lab.do("archive = f'dags/{first}.zip'")
    lab.do("service.get_blob_client(where['versions_container'], archive).delete_blob()")

    lab.do("restarted = bundle(**where); restarted.initialize(); restarted.refresh()")

    lab.do("on_a_new_disk(); task = bundle(version=first, **where); task.initialize()")
    assert lab.eval("content(task)") == {"a.py": "one", "folder/b.py": "two"}


@pytest.mark.parametrize("name", ["a\\\\..\\\\b.py", "x" * 256 + ".py", "bell\\x07.py"])
def test_a_blob_name_that_a_disk_cannot_hold_stops_the_sync_and_keeps_the_version(
    lab: Lab, name: str
) -> None:
    lab.do("b = bundle(**where); b.initialize(); b.refresh(); first = version(b)")
    lab.do(f"put_named(where['container'], '{name}')")

    lab.do("b.refresh()")

    assert lab.eval("version(b)") == lab.eval("first")


def test_folders_of_replaced_versions_are_removed_after_an_hour(lab: Lab) -> None:
    lab.do("b = bundle(**where); b.initialize(); first = b.path")
    lab.do("put(where['container'], a='2'); b.refresh(); second = b.path")
    lab.do("[os.utime(path, (0, 0)) for path in (first, second)]")

    lab.do("put(where['container'], a='3'); b.refresh()")

    assert lab.eval("first.exists()") is False
    assert lab.eval("second.exists()") is True  # it was replaced just now


def test_archives_of_replaced_versions_are_deleted_after_their_days(lab: Lab) -> None:
    lab.do("b = bundle(keep_versions_days=0, **where); b.initialize(); b.refresh()")
    lab.do("first = version(b)")
    for text in "23":  # the second replaces the first, the third comes later than that
        lab.do(f"put(where['container'], a='{text}'); import time; time.sleep(1.1); b.refresh()")

    listing = "[x.name for x in service.get_container_client(where['versions_container'])"
    kept = lab.eval(listing + ".list_blobs()]")

    assert f"dags/{lab.eval('first')}.zip" not in kept
    assert f"dags/{lab.eval('version(b)')}.zip" in kept
