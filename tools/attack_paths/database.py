"""Reads who may do what with which tables: from the roles' job, and the image's own rules."""

import re
import runpy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.attack_paths.facts import Rows

RIGHTS = Path(__file__).resolve().parents[2] / "images/airflow/airflow_azure/rights.py"
# Those that decide who is Admin, what runs, and what connections say; Airflow has some fifty more.
TABLES = (
    "ab_permission_view_role",
    "ab_role",
    "ab_user",
    "ab_user_role",
    "connection",
    "log_template",
    "serialized_dag",
    "session",
    "task_instance",
    "trigger",
    "variable",
)
_GIVEN = re.compile(r"--(component|dag-processor|triggerer) \S*outputs\.(\w+_identity)_name")


def rows(objects: Sequence[Any]) -> Iterator[Rows]:
    """Yield the rights that the migrations' job gives to the identities that it names."""
    rights = runpy.run_path(str(RIGHTS))
    for kind, who in sorted({*_GIVEN.findall(str(objects))}):
        of = rights[f"of_{kind.replace('-', '_')}"]
        for table in TABLES:
            if given := of(table):
                yield Rows(who=who, table=table, rights=given)
