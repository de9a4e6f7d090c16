"""A module that Python does not find in the DAG folder is looked for below it."""

from pathlib import Path

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


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("dags.load", "the parent of the source folder"),
        ("helpers.sql", "the parent of the source folder"),
        ("settings", "the parent of the source folder"),
        ("orders_operator", "plugins beside the source folder"),
        ("shop.dates", "the parent of the source folder's parent"),
        ("assets", ""),  # no Python in it
        ("pandas", ""),
    ],
)
def test_what_lies_around_the_source_folder_is_no_package(
    tmp_path: Path, module: str, folder: str
) -> None:
    for file in (
        "shop/dags/load.py",
        "shop/helpers/sql.py",
        "shop/settings.py",
        "shop/plugins/orders_operator/__init__.py",
        "shop/assets/logo.svg",
        "shop/dates.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()

    assert Layout(["load.py"], tmp_path / "shop" / "dags").folder_with(module) == folder
