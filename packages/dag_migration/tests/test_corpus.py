"""Real Airflow 2 files: one release here, the whole corpus by `make migrate-corpus`."""

import json

import pytest
from dag_migration.airflow import Airflow
from dag_migration.migration import Migrated, migrate
from dag_migration.source import sources

from packages.dag_migration.tests.corpus import measure
from tests.parts.skips import missing

SAMPLE = ["apache-airflow==2.2.5"]


@pytest.fixture(scope="module")
def sample(running: Airflow) -> list[Migrated]:
    """The examples of one old Airflow, migrated."""
    try:
        folder = measure.corpus(SAMPLE)
    except measure.CorpusUnavailableError as error:
        missing(f"the examples cannot be downloaded here: {error}")
    return migrate(list(sources(folder)), running)


@pytest.fixture(scope="module")
def got(sample: list[Migrated]) -> measure.Result:
    """The sample against what Airflow 2 imported when the corpus was measured."""
    return measure.result(json.loads(measure.BASELINE.read_text()), sample)


def test_the_corpus_has_at_least_200_files_that_airflow_2_imported() -> None:
    assert len(json.loads(measure.BASELINE.read_text())) >= 200


def test_nine_of_ten_dag_files_import_or_are_named(got: measure.Result) -> None:
    assert got.before >= 25
    assert got.share >= 0.9, got.unnamed


def test_four_of_five_dag_files_import_without_a_person(got: measure.Result) -> None:
    assert got.after / got.before >= 0.8, got.named


def test_no_fix_breaks_the_syntax(sample: list[Migrated]) -> None:
    broken = [i.report.path for i in sample if "MIG001" in {f.code for f in i.report.todos}]

    assert broken == []
