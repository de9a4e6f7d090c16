"""One run: read the source and the exports, migrate, write the target."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dag_migration import report as reports
from dag_migration import settings_export
from dag_migration.airflow import Airflow
from dag_migration.airflow_cfg import OldConfig
from dag_migration.migration import Migrated, migrate
from dag_migration.model import Option, Report, SettingsReport
from dag_migration.packages import packages, requirements
from dag_migration.source import Source, read, sources
from dag_migration.target import Target
from dag_migration.vault_script import vault_script
from dag_migration.working_copy import Progress

Exports = Mapping[str, tuple[dict[str, Any], SettingsReport]]


def settings_files(folder: Path | None) -> dict[str, Path | None]:
    """Return the exports in a folder of the old system, by kind.

    Raises:
        ExportError: there are two of a kind, or nothing that the migration reads.
    """
    found: dict[str, Path | None] = {}
    for kind in ("connections", "variables", "pools"):
        files = [folder / f"{kind}{end}" for end in settings_export.ENDINGS] if folder else []
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            names = " and ".join(file.name for file in files)
            raise settings_export.ExportError(f"{folder} holds {names}; keep one of them")
        found[kind] = files[0] if files else None
    if folder and not any(found.values()) and not (folder / "airflow.cfg").is_file():
        raise settings_export.ExportError(
            f"{folder} holds nothing of the old system; expected: connections.json, "
            "variables.json, pools.json (or .yaml, .env) or airflow.cfg"
        )
    return found


def read_exports(files: Mapping[str, Path | None]) -> Exports:
    """Read the exports that are given, by kind (connections, variables, pools).

    Raises:
        ExportError: one cannot be read.
    """
    readers = {
        "connections": settings_export.connections,
        "variables": settings_export.variables,
        "pools": settings_export.pools,
    }
    return {
        kind: readers[kind](settings_export.load(kind, file))
        for kind, file in files.items()
        if file
    }


def plain_variables(exports: Exports) -> dict[str, str]:
    """Return the exported variables that hold no secret, as the DAG files will read them."""
    plain, _ = exports.get("variables", ({}, None))
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in plain.items()
    }


def run(
    source: Path,
    target: Target,
    exports: Exports,
    airflow: Airflow,
    *,
    config: OldConfig | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Migrate `source` into `target` and return the report; writes only what differs.

    Raises:
        RuntimeError: ruff could not run.
        AirflowFailedError: Airflow ended.
        TargetError: a file would be written outside of the target.
        OSError: the target cannot be written.
    """
    files = list(sources(source))
    edited = target.edited()
    options: tuple[Option, ...] = config.options(airflow) if config else ()
    catchup = config.catchup_by_default if config else True
    done = migrate(
        files, airflow, edited=edited, catchup=catchup, folder=source.resolve(), progress=progress
    )
    reports_of_files = tuple(item.report for item in done)
    report = Report(
        airflow=airflow.version,
        files=reports_of_files,
        packages=packages(reports_of_files),
        options=options,
        settings=tuple(part for _, part in exports.values()),
    )
    target.write_dags({i.report.path: i.data for i in done if i.data is not None}, edited)
    for kind, (plain, _) in exports.items():
        content = json.dumps(plain, indent=2, sort_keys=True) + "\n"
        target.write(f"{kind}.json", content.encode())
    if script := vault_script(report.settings):
        target.write("secrets-to-key-vault.sh", script.encode(), mode=0o755)
    listed = requirements(report.packages) if report.packages else ""
    target.write_or_remove("packages-for-the-image.txt", listed.encode())
    changes = reports.diff(_changes(files, done))
    target.write("changes.diff", changes.encode("utf-8", "replace"))
    target.write("report.json", reports.as_json(report).encode())
    target.write("report.md", reports.markdown(report).encode())
    target.write("report.html", reports.html(report).encode())
    return report


def _changes(files: list[Source], done: list[Migrated]) -> list[tuple[str, str, str]]:
    return [
        (
            file.path,
            file.text,
            read(file.path, item.data).text or item.data.decode(errors="replace"),
        )
        for file, item in zip(files, done, strict=True)
        if file.text is not None and item.data is not None
    ]
