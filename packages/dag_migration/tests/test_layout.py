"""A module that Python does not find in the DAG folder is looked for below it."""

import pytest
from dag_migration.layout import Layout

FILES = [
    "dags/__init__.py",
    "dags/load.py",
    "dags/common/__init__.py",
    "dags/common/sql.py",
    "dags/common/http/__init__.py",
    "dags/common/http/requests.py",
    "dags/sql/orders.py",
    "plugins/acme/operators.py",
]


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("acme.operators", "plugins"),
        ("common", "dags"),
        ("sql.orders", "dags"),  # not dags/common, whose sql is common.sql
        ("requests", ""),  # what is common.http.requests here is the package of everybody
        ("dags.load", ""),
        ("pandas", ""),
    ],
)
def test_a_module_is_looked_for_where_somebody_would_import_it_from(
    module: str, folder: str
) -> None:
    assert Layout(FILES).folder_with(module) == folder


def test_the_source_folder_s_own_name_is_no_package() -> None:
    assert Layout(["load.py"], "dags").folder_with("dags.load") == "the parent of the source folder"
