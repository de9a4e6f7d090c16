"""The project's own findings, beyond ruff's: each with what to do and where to read."""

from typing import NamedTuple

from dag_migration.model import Finding, Level

DOCS = "https://airflow.apache.org/docs/apache-airflow/stable"
UPGRADE = f"{DOCS}/installation/upgrading_to_airflow3.html"
PROVIDERS = "https://airflow.apache.org/docs"


class Rule(NamedTuple):
    """One kind of finding; `{...}` in the texts is filled at the place where it is found."""

    code: str
    level: Level
    message: str
    todo: str
    link: str

    def at(self, line: int, **words: object) -> Finding:
        """Return the finding for one place."""
        return Finding(
            code=self.code,
            level=self.level,
            line=line,
            message=self.message.format(**words),
            todo=self.todo.format(**words),
            link=self.link.format(**words),
        )


UNREADABLE = Rule(
    "MIG001",
    Level.PERSON,
    "The file cannot be read as Python: {why}",
    "Repair it (or save it as UTF-8) in the source folder and run the migration again; Python 2 "
    "becomes Python 3 with `2to3` of Python 3.12 or older.",
    "https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations",
)
NOT_COPIED = Rule(
    "MIG002",
    Level.PERSON,
    "The file was not copied: {why}",
    "Put a regular file below the source folder, or leave it out on purpose.",
    f"{DOCS}/administration-and-deployment/modules_management.html",
)
TOO_LARGE = Rule(
    "MIG003",
    Level.PERSON,
    "The file has {mib:.1f} MiB and was copied as it is, unchecked (limit {limit:g} MiB)",
    "Move the data out of the DAG file: Airflow reads all of it each time it parses the DAG.",
    f"{DOCS}/best-practices.html#top-level-python-code",
)
ZIPPED = Rule(
    "MIG004",
    Level.PERSON,
    "DAGs packed in a zip file were copied as they are, unchecked",
    "Unpack the archive into the source folder and run the migration again.",
    f"{DOCS}/core-concepts/dags.html#packaging-dags",
)
IGNORE_SYNTAX = Rule(
    "MIG005",
    Level.PERSON,
    "Airflow 2 took these lines for regular expressions; as the globs of Airflow 3 they {what} "
    "{files}",
    "Write them as globs (like .gitignore) in the migrated folder, or set "
    "AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX=regexp.",
    f"{DOCS}/core-concepts/dags.html#airflowignore",
)
DUPLICATE = Rule(
    "MIG006",
    Level.NOTICE,
    "The DAG `{dag}` is also in {file}; Airflow shows one of the two",
    "Give one of them another dag_id.",
    f"{DOCS}/core-concepts/dags.html",
)
NEWER_PYTHON = Rule(
    "MIG007",
    Level.PERSON,
    "It is written for Python {image}, and the migration runs on {own}: copied as it is, only its "
    "import was tested",
    "Run the migration with Python {image}.",
    "https://docs.python.org/3/whatsnew/",
)
CHANGE_DROPPED = Rule(
    "MIG008",
    Level.NOTICE,
    "A change was not made: {why}",
    "Nothing, unless another finding of this file says so.",
    UPGRADE,
)
NOT_CHECKED = Rule(
    "MIG009",
    Level.PERSON,
    "The migration could not work on this file ({why}): copied as it is, only its import was "
    "tested",
    "Look it through by hand, and report the file as a fault of the migration.",
    UPGRADE,
)
GONE = Rule(
    "MIG010",
    Level.PERSON,
    "`{name}` does not exist in Airflow {airflow}",
    "{hint}",
    UPGRADE,
)
PROVIDER_MISSING = Rule(
    "MIG011",
    Level.WAITS,
    "`{name}` needs the package {package}, which the image does not have",
    "Add {package} to the packages of the image: packages-for-the-image.txt lists them all.",
    PROVIDERS + "/{package}/stable/index.html",
)
PROVIDER_CHANGED = Rule(
    "MIG012",
    Level.PERSON,
    "`{name}` is not in {provider}",
    "Look the name up in the provider's changelog and use its successor{hint}.",
    PROVIDERS + "/{package}/stable/changelog.html",
)
PACKAGE_MISSING = Rule(
    "MIG013",
    Level.WAITS,
    "The Python package that holds `{package}` is not in the image",
    "Add it to the packages of the image (packages-for-the-image.txt lists them all), or put the "
    "module into the DAG folder.",
    f"{DOCS}/administration-and-deployment/modules_management.html",
)
PACKAGE_IN_TASK = Rule(
    "MIG014",
    Level.NOTICE,
    "A task imports `{package}`, which is not in the image",
    "Add its package to those of the image, or run the task in an image that has it.",
    f"{DOCS}/administration-and-deployment/modules_management.html",
)
FILE_WAITED_FOR = Rule(
    "MIG015",
    Level.WAITS,
    "It waits for {file}, which cannot be imported yet",
    "Settle {file} first; nothing is known to be wrong here.",
    f"{DOCS}/administration-and-deployment/modules_management.html",
)
LIES_ELSEWHERE = Rule(
    "MIG016",
    Level.WAITS,
    "`{module}` is in {folder}, a folder that Python does not look into",
    "Copy it into the source folder and run the migration again, or put {folder} into PYTHONPATH "
    "of the new platform.",
    f"{DOCS}/administration-and-deployment/modules_management.html",
)
NO_ATTRIBUTE = Rule(
    "MIG017",
    Level.PERSON,
    "`{name}` does not exist in Airflow {airflow}",
    "Use what the class offers in its place; the page of the task SDK lists it.",
    "https://airflow.apache.org/docs/task-sdk/stable/api.html",
)
CONTEXT_KEY = Rule(
    "MIG020",
    Level.PERSON,
    "The context key `{key}` was removed",
    "Use {instead}.",
    f"{DOCS}/templates-ref.html",
)
TEMPLATE_KEY = Rule(
    "MIG021",
    Level.PERSON,
    "The template variable `{key}` was removed",
    "Use {instead}.",
    f"{DOCS}/templates-ref.html",
)
ATTRIBUTE = Rule(
    "MIG022",
    Level.PERSON,
    "`{owner}.{name}` is not there for task code in Airflow 3",
    "Take it from the task context, or ask Airflow's REST API (package apache-airflow-client).",
    f"{DOCS}/templates-ref.html",
)
SLA = Rule(
    "MIG030",
    Level.PERSON,
    "`{name}` is accepted and ignored: Airflow 3 has no SLAs",
    "Set a deadline alert on the DAG, then remove the argument.",
    f"{DOCS}/howto/deadline-alerts.html",
)
DATABASE = Rule(
    "MIG031",
    Level.PERSON,
    "`{name}` reads Airflow's metadata database; task code has no access to it in Airflow 3",
    "Ask Airflow's REST API (package apache-airflow-client) or use what the task context offers.",
    UPGRADE,
)
XCOM_PULL = Rule(
    "MIG032",
    Level.PERSON,
    "`xcom_pull` without `task_ids` now reads the current task only",
    "Name the task that pushed the value: task_ids=...",
    f"{DOCS}/core-concepts/xcoms.html",
)
NO_SCHEDULE = Rule(
    "MIG033",
    Level.PERSON,
    "The DAG has no `schedule`: Airflow 2 ran it daily, Airflow 3 never does by itself",
    "Write schedule=timedelta(days=1) to keep it, or schedule=None if it is only triggered.",
    UPGRADE,
)
ARGUMENT = Rule(
    "MIG034",
    Level.PERSON,
    "`{name}` is no argument any more",
    "Remove it{hint}.",
    UPGRADE,
)
ASSET_DATE = Rule(
    "MIG043",
    Level.PERSON,
    "Assets make the runs, and `{key}` is read: such a run has no date of its own in Airflow 3",
    "Read the date from triggering_asset_events, or use `dag_run.run_after`.",
    f"{DOCS}/authoring-and-scheduling/asset-scheduling.html",
)
CATCHUP = Rule(
    "MIG040",
    Level.PERSON,
    "`catchup` is not set, as far as the text tells: it was True by default, and is now False",
    "Write catchup=True where missed runs must be made up for, else catchup=False.",
    UPGRADE,
)
CRON_INTERVAL = Rule(
    "MIG041",
    Level.PERSON,
    "A repeated schedule with `{key}`: a run's date is now the time it starts, not the start of "
    "the interval before",
    "Write the schedule as CronDataIntervalTimetable or DeltaDataIntervalTimetable to keep the old "
    "meaning, or change what the tasks do with the date.",
    f"{DOCS}/authoring-and-scheduling/timetable.html",
)
CRON_BOTH_ENDS = Rule(
    "MIG042",
    Level.PERSON,
    "A repeated schedule with `{start}` and `{end}`: both are now the time the run starts, so the "
    "interval between them is empty",
    "Write the schedule as CronDataIntervalTimetable or DeltaDataIntervalTimetable to keep the old "
    "meaning.",
    f"{DOCS}/authoring-and-scheduling/timetable.html",
)
RAISES = Rule(
    "MIG050",
    Level.PERSON,
    "Airflow {airflow} cannot import it: {why}",
    "Repair it in the migrated folder and run the migration again.",
    f"{DOCS}/best-practices.html#testing-a-dag",
)
HANGS = Rule(
    "MIG051",
    Level.PERSON,
    "The import did not end: {why}",
    "Move what waits (network, database, sleep) from the top level of the file into a task.",
    f"{DOCS}/best-practices.html#top-level-python-code",
)
CRASHES = Rule(
    "MIG052",
    Level.PERSON,
    "The import ended the process: {why}",
    "Do not call exit functions, and load native libraries inside a task.",
    f"{DOCS}/best-practices.html#top-level-python-code",
)
SETTING_MISSING = Rule(
    "MIG053",
    Level.WAITS,
    "The file reads {what} while it is imported",
    "Read it inside a task or a template; else it must exist before the DAG can be parsed.",
    f"{DOCS}/best-practices.html#airflow-variables",
)

PLUGIN_MISSING = Rule(
    "MIG054",
    Level.WAITS,
    "`{name}` is not registered: its plugin was not there for the import test",
    "Make the plugin a package with the entry point airflow.plugins, and list it in "
    "images/company/requirements.in; it must be written for Airflow 3.",
    f"{DOCS}/authoring-and-scheduling/plugins.html",
)
OPTION_GONE = Rule(
    "MIG055",
    Level.PERSON,
    "Airflow {airflow} has no value for the configuration option [{name}]",
    "Read it in a task, or give conf.get a fallback. Was it renamed? With the old airflow.cfg, "
    "--old-system says the new name.",
    f"{DOCS}/configurations-ref.html",
)

RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
