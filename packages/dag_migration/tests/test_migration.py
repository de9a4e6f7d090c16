"""The command on a folder with everything that old DAG folders hold, in the real Airflow 3."""

import shutil
from pathlib import Path

import pytest
from dag_migration.airflow import Airflow
from dag_migration.model import Status
from dag_migration.run import run
from dag_migration.target import Target

from packages.dag_migration.tests.conftest import Run, hashes, migrate


def test_a_dag_written_for_airflow_3_is_ready(migrated: Run) -> None:
    assert migrated.file("ready.py")["status"] == "ready"


@pytest.mark.parametrize(
    "path",
    [
        "bom.py",
        "by_module.py",
        "crlf.py",
        "latin1.py",
        "moved.py",
        "no_schedule.py",
        "old.py",
        "postgres.py",
        "sql.py",
    ],
)
def test_an_old_dag_is_fixed_and_imports(migrated: Run, path: str) -> None:
    file = migrated.file(path)

    assert (file["status"], len(file["imported"]["dags"])) == ("fixed", 1)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("keys.py", "MIG020"),  # a removed context key
        ("keys.py", "MIG030"),  # an SLA in default_args
        ("keys.py", "MIG031"),  # the metadata database
        ("keys.py", "MIG032"),  # xcom_pull without a task
        ("provider.py", "MIG011"),
        ("package.py", "MIG013"),
        ("raises.py", "MIG050"),
        ("hangs.py", "MIG051"),
        ("exits.py", "MIG052"),
        ("setting.py", "MIG053"),
        ("broken.py", "MIG001"),
        ("no_cookie.py", "MIG001"),
        ("huge.py", "MIG003"),
        ("packed.zip", "MIG004"),
        (".airflowignore", "MIG005"),
        ("link_out.py", "MIG002"),
        ("nowhere.py", "MIG002"),
        ("team/again", "MIG002"),
    ],
)
def test_what_needs_a_person_is_named(migrated: Run, path: str, code: str) -> None:
    assert code in migrated.codes(path)


@pytest.mark.parametrize("archive", ["shapes.zip", "broken.zip"])
def test_an_archive_without_python_is_data(migrated: Run, archive: str) -> None:
    assert migrated.codes(archive) == set()


def test_an_ignore_file_is_named_with_what_it_hides_no_longer(migrated: Run) -> None:
    [found] = migrated.file(".airflowignore")["findings"]

    assert found["message"].endswith("would now read `team/helper.py`")


def test_two_dags_of_one_name_are_told_of_each_other(migrated: Run) -> None:
    found = {f["code"]: f["message"] for f in migrated.file("twin.py")["findings"]}

    assert "also in team/uses_helper.py" in found["MIG006"]


def test_a_package_that_the_image_lacks_is_asked_for_once(migrated: Run) -> None:
    [found] = [f for f in migrated.file("http.py")["findings"] if f["level"] != "notice"]

    assert found["todo"].startswith("Add apache-airflow-providers-http to the packages")


def test_the_packages_that_the_image_lacks_are_one_list(migrated: Run) -> None:
    listed = (migrated.target / "packages-for-the-image.txt").read_text().splitlines()

    assert "apache-airflow-providers-snowflake  # provider.py" in listed
    assert "a-package-of-the-old-image  # as `a_package_of_the_old_image`, in package.py" in listed


def test_a_date_that_a_template_file_reads_keeps_its_meaning(migrated: Run) -> None:
    assert 'CronDataIntervalTimetable("@daily", timezone="UTC")' in migrated.dag("sql.py")


def test_a_finding_says_the_line_of_the_migrated_file(migrated: Run) -> None:
    [found] = [f for f in migrated.file("keys.py")["findings"] if f["code"] == "MIG030"]

    assert '"sla"' in migrated.dag("keys.py").splitlines()[found["line"] - 1]


def test_a_fix_says_the_line_of_the_source(migrated: Run, old_dags: Path) -> None:
    fixes = migrated.file("old.py")["fixes"]
    [dates] = [fix for fix in fixes if "days_ago" in fix["message"]]

    assert "days_ago(2)" in (old_dags / "old.py").read_text().splitlines()[dates["line"] - 1]


def test_every_finding_has_something_to_do_and_a_page(migrated: Run) -> None:
    findings = [finding for file in migrated.report["files"] for finding in file["findings"]]

    assert all(f["todo"] and f["link"].startswith("https://") for f in findings)


def test_the_exception_of_an_import_is_told_with_its_line(migrated: Run) -> None:
    imported = migrated.file("raises.py")["imported"]

    assert (imported["line"], imported["message"]) == (2, "ValueError: the table is missing")


def test_comments_and_layout_stay(migrated: Run) -> None:
    text = migrated.dag("old.py")

    assert "# keeps its comments" in text
    assert "as dag:  # one DAG" in text


def test_windows_line_ends_stay(migrated: Run) -> None:
    text = migrated.dag("crlf.py")

    assert text.count("\n") == text.count("\r\n") > 10


def test_the_byte_order_mark_stays(migrated: Run) -> None:
    assert (migrated.target / "dags/bom.py").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_declared_encoding_stays(migrated: Run) -> None:
    assert b"# caf\xe9\n" in (migrated.target / "dags/latin1.py").read_bytes()


def test_a_template_beside_the_dag_is_rewritten(migrated: Run) -> None:
    expected = "select * from t where d = '{{ (logical_date.subtract(days=1) | ds) }}'\n"

    assert migrated.dag("query.sql") == expected


def test_other_files_are_copied_byte_for_byte(migrated: Run, old_dags: Path) -> None:
    copied = (migrated.target / "dags/data.bin").read_bytes()

    assert copied == (old_dags / "data.bin").read_bytes()


def test_a_link_out_of_the_folder_is_not_followed(migrated: Run) -> None:
    assert not (migrated.target / "dags/link_out.py").exists()


def test_the_inventory_names_what_is_used(migrated: Run) -> None:
    used = migrated.file("old.py")["inventory"] | {"task": migrated.file("keys.py")["inventory"]}

    assert used["operators"] == ["BashOperator", "EmptyOperator"]
    assert used["pools"] == ["slow"]
    assert used["schedules"] == ["CronDataIntervalTimetable('@daily', timezone='UTC')"]
    assert used["task"]["variables"] == ["target"]
    assert migrated.file("provider.py")["inventory"]["connections"] == ["snow"]


def test_work_left_is_exit_status_1(migrated: Run) -> None:
    assert migrated.status == 1


def test_the_command_says_where_the_report_is(migrated: Run) -> None:
    assert str(migrated.target / "report.html") in migrated.output


def test_the_source_is_never_changed(
    migrated: Run, old_dags: Path, before: dict[str, tuple[str, int]]
) -> None:
    assert hashes(old_dags) == before


def test_a_second_run_changes_nothing(migrated: Run, old_dags: Path, running: Airflow) -> None:
    first = hashes(migrated.target)

    run(old_dags, Target(migrated.target, old_dags), {}, running)

    assert hashes(migrated.target) == first


def test_a_hand_made_change_is_kept_and_judged(
    running: Airflow, old_dags: Path, tmp_path: Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    shutil.copy(old_dags / "keys.py", source)
    [first] = run(source, Target(target, source), {}, running).files
    file = target / "dags/keys.py"
    file.write_text("from airflow.sdk import DAG\n\ndag = DAG('keys', schedule=None)\n")
    mine = file.read_text()

    [again] = run(source, Target(target, source), {}, running).files

    assert (first.status, again.status, again.edited) == (Status.PERSON, Status.FIXED, True)
    assert file.read_text() == mine


def test_an_ignore_file_that_a_person_wrote_as_globs_is_done(
    running: Airflow, tmp_path: Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "old_one.py").write_text("")
    (source / ".airflowignore").write_text("old_.*[.]py\n")
    first = run(source, Target(target, source), {}, running).files[0]
    (target / "dags/.airflowignore").write_text("old_*.py\n")

    again = run(source, Target(target, source), {}, running).files[0]

    assert (first.status, again.status) == (Status.PERSON, Status.FIXED)


def test_a_file_that_leaves_the_source_leaves_the_target(running: Airflow, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "gone.txt").write_text("x")
    run(source, Target(target, source), {}, running)
    (source / "gone.txt").unlink()

    run(source, Target(target, source), {}, running)

    assert not (target / "dags/gone.txt").exists()


def test_credentials_of_the_shell_do_not_reach_dag_files(migrated: Run) -> None:
    assert migrated.file("spy.py")["imported"]["message"] == "ValueError: None"


@pytest.mark.parametrize("inner", ["", "inside"])
def test_a_target_in_the_source_is_refused(tmp_path: Path, inner: str) -> None:
    refused = migrate(tmp_path, tmp_path / inner, f"--airflow={tmp_path}")

    assert refused.status == 2
    assert "choose a target beside it" in refused.errors


def test_a_target_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (target / "mine.txt").write_text("mine")

    refused = migrate(source, target, f"--airflow={tmp_path}")

    assert (refused.status, [file.name for file in target.iterdir()]) == (2, ["mine.txt"])
    assert "choose an empty folder" in refused.errors


def test_an_airflow_that_does_not_start_is_exit_status_3(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()

    failed = migrate(tmp_path / "source", tmp_path / "target", f"--airflow={tmp_path}")

    assert failed.status == 3
    assert "Traceback" not in failed.errors


def test_an_empty_folder_gets_a_hint(airflow: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()

    done = migrate(tmp_path / "source", tmp_path / "target", f"--airflow={airflow}")

    assert done.output.startswith("Nothing to migrate:")
