"""Spares the DAG processor what it would do again for each file.

The DAG processor forks for each file, and Airflow loads half of what a file needs only when it is
asked for: `from airflow.sdk import task` imports thirty modules, the first DAG that is serialized
reads its schema and looks for plugins. The fork does that, ends, and the next one does it again. So
the processor makes a DAG of its own before it begins: forks have what that took.

Airflow makes a schedule again each time it looks at it, some seventeen times for a file, and each
time cron-descriptor reads its words from the disk: four fifths of what a schedule costs. It reads
them once now.

A fork sets up its log, and `logging` then clears the caches of all 470 loggers for each of 90. It
clears them once now. A fork also makes two readers of the messages that it gets: they are made
before.

And a fork's collector walked all that the processor has made since its start. It never does now
(`gc.freeze`): a fork keeps it only for one file.
"""

import gc
import importlib
import logging
import logging.config
import os
import sys
from datetime import UTC, datetime
from functools import cache
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: Any) -> None:
    """Get a DAG processor ready; where that fails, it works as it would without."""
    if "dag-processor" not in sys.argv:  # the component does not know yet what it is
        return
    os.register_at_fork(after_in_child=gc.freeze)
    from airflow_azure import parse_queue, parse_results  # import what no other process needs

    parse_results.write_together()  # first: the queue then lets it come once a second
    parse_queue.put_in_order()
    # Airflow writes no DAG twice within this time, and reads the file again after its interval:
    # what was uploaded in between would come an hour later
    os.environ["AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL"] = "0"
    try:
        _read_words_once()
        _forget_loggers_once()
        _make_readers_once()
        _make_a_dag()
    except Exception:
        log.exception("files will be parsed slowly: a DAG could not be made before them")


def _read_words_once() -> None:
    """Keep cron-descriptor's translations; its class gives a new one each time."""
    describes: Any = importlib.import_module("cron_descriptor.ExpressionDescriptor")
    describes.GetText = cache(describes.GetText)


def _forget_loggers_once() -> None:
    """Clear the caches of all loggers after a configuration, not at each logger in it."""
    configure = logging.config.dictConfig
    manager: Any = logging.Logger.manager

    def configure_at_once(config: Any) -> None:
        manager._clear_cache = lambda: None
        try:
            configure(config)
        finally:
            vars(manager).pop("_clear_cache", None)  # not there after one in another
            manager._clear_cache()

    logging.config.dictConfig = configure_at_once


def _make_readers_once() -> None:
    """Keep what reads the messages to a fork; pydantic takes milliseconds to make one."""
    processor: Any = importlib.import_module("airflow.dag_processing.processor")
    comms: Any = importlib.import_module("airflow.sdk.execution_time.comms")
    make = processor.TypeAdapter
    made = {id(kind): make(kind) for kind in (processor.ToDagProcessor, comms.ToTask)}

    class Readers:
        """Pydantic's class as those modules call it: with the type in brackets, too, or without."""

        def __getitem__(self, kind: Any) -> "Readers":
            return self

        def __call__(self, kind: Any) -> Any:
            return made.get(id(kind)) or make(kind)

    processor.TypeAdapter = comms.TypeAdapter = Readers()


def _make_a_dag() -> None:
    """Do once what nearly every file does: tasks by decorator and by class, and their JSON."""
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, task
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("before_all", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        task(_nothing)()
        BashOperator(task_id="bash", bash_command="true")
    DagSerialization.to_dict(dag)


def _nothing() -> None:
    """Stand for what a task does; nobody calls it."""
