"""Spares Airflow's processes what they import and never use, and what they read more than once.

`sitecustomize` calls it where Python starts one. Nothing is missing afterwards: what is left out is
imported by whoever uses it first.

Each of `WAYS` is a module whose import is the only reason why something large is loaded:

- Airflow removes decorators with `libcst` from the source of a task that runs in another Python
  (`@task.virtualenv`), and makes a subclass of it at import.
- The client of Blob storage asks for `aiohttp` to see whether a transport is aiohttp's. Importing
  aiohttp reads all certificate authorities twice. It imports `cryptography` for blobs that the
  client encrypts, and Entra's client does for those who sign in with a certificate.
- httpx imports HTTP/2, and its own command with what colours that.
- structlog draws on a terminal with `rich`, and containers have none. It writes tracebacks as
  Python does, unless it is told to take rich.

Those of `WAYS_OF_A_TASK` are left out only in the pod of a task, which has no database:

- Airflow's settings make an engine for the database, and its configuration, executors and bundles
  name tables: SQLAlchemy and all of Airflow's models. A task's process may not use them
  (`block_orm_access`), its supervisor does not.
- The task reads its DAG file with `DagBag`, which imports all that makes a DAG ready for the
  database, what draws a table of DAGs, and what reads `.airflowignore`.
- An executor imports the whole command line, to make a page of help.
- Hooks of databases can make an engine of SQLAlchemy for pandas, and run SQL without it. Cosmos
  names Airflow's models for Airflow 2 and to clean its caches, which no task does.
- The hook of Blob storage imports its asynchronous half, for triggers, and a base class of Azure's
  old clients.
- Airflow compares what each provider says of itself with a JSON schema, twice. The scheduler and
  the API server of the same image do that too.
- The models of what a task asks the API server, and of its answers, are sixty, and a task uses few.
  pydantic builds each when it is first used (`defer_build`).

The DAG processor leaves nothing out: its forks have what it imported, and would import it each.

The rest ends where the process forks, so neither a task nor a DAG file meets it. Six libraries list
all installed packages to find their plugins (`read_packages_once`), and Airflow reads the table of
its metrics with PyYAML's slow parser (`read_yaml_fast`).
"""

import importlib
import importlib.metadata
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

from airflow_azure.later import (
    Way,
    caught_later,
    install,
    later,
    made_later,
    named_later,
    stands_in,
)


@contextmanager
def _without_aiohttp(_authentication: Any) -> Iterator[None]:
    transports: Any = importlib.import_module("azure.core.pipeline.transport")
    transports.AioHttpTransport = named_later(f"{transports.__name__}._aiohttp", "AioHttpTransport")
    try:
        yield
    finally:
        del transports.AioHttpTransport  # the next one who asks gets the class


def _without_rich(_importer: Any) -> AbstractContextManager[None]:
    return stands_in("rich", None)


@contextmanager
def _with_rich_later(dev: Any) -> Iterator[None]:
    if "rich" in sys.modules:
        yield
        return
    with stands_in("rich", None):
        yield
    dev.Console = named_later("rich.console", "Console")
    dev.Traceback = named_later("rich.traceback", "Traceback")
    dev.rich_traceback = dev.RichTracebackFormatter()
    dev.rich_monochrome_traceback = dev.RichTracebackFormatter(color_system=None)


@contextmanager
def _without_schemas(providers: Any) -> Iterator[None]:
    yield
    providers._create_provider_info_schema_validator = _Believes
    providers._create_customized_form_field_behaviours_schema_validator = _Believes


class _Believes:
    def validate(self, _said: object) -> None:
        """Take it as it is."""


@contextmanager
def _without_engine(settings: Any) -> Iterator[None]:
    yield
    settings.configure_orm = lambda *_, **__: None


@contextmanager
def _with_all_models(_base: Any) -> Iterator[None]:
    yield
    # what Airflow does for its engine: a table names others that nobody has imported yet
    event, orm, models = map(
        importlib.import_module, ("sqlalchemy.event", "sqlalchemy.orm", "airflow.models")
    )
    event.listen(orm.Mapper, "before_configured", models.import_all_models, once=True)


@contextmanager
def _with_models_built_when_used(_models: Any) -> Iterator[None]:
    base: Any = importlib.import_module("pydantic").BaseModel
    config = base.model_config
    base.model_config = config | {"defer_build": True}  # its subclasses take it over
    try:
        yield
    finally:
        base.model_config = config


CRYPTOGRAPHY = later(
    "cryptography",
    "cryptography.hazmat.backends",
    "cryptography.hazmat.primitives",
    "cryptography.hazmat.primitives.asymmetric",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.ciphers",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.ciphers.algorithms",
    "cryptography.hazmat.primitives.ciphers.modes",
    "cryptography.hazmat.primitives.padding",
)
WAYS: dict[str, Sequence[Way]] = {
    "airflow.sdk.definitions._internal.decorators": [
        made_later("remove_task_decorator", of="CSTTransformer", base="libcst")
    ],
    "azure.identity._credentials.certificate": [CRYPTOGRAPHY],
    "azure.identity._internal.aadclient_certificate": [CRYPTOGRAPHY],
    "azure.storage.blob._encryption": [CRYPTOGRAPHY],
    "azure.storage.blob._shared.authentication": [_without_aiohttp],
    "httpcore._async": [later("httpcore._async.http2")],
    "httpcore._sync": [later("httpcore._sync.http2")],
    "httpx": [later("httpx._main")],
    "structlog.dev": [_with_rich_later],
    "structlog.tracebacks": [_without_rich],
}
WAYS_OF_A_TASK: dict[str, Sequence[Way]] = {
    "airflow._shared.module_loading.file_discovery": [later("pathspec.patterns")],
    "airflow.configuration": [later("airflow.models.connection")],
    "airflow.dag_processing.bundles.manager": [
        later("airflow.models.dagbundle", "airflow.models.team", "sqlalchemy")
    ],
    "airflow.dag_processing.dagbag": [
        later("airflow.serialization.serialized_objects", "tabulate")
    ],
    "airflow.executors.base_executor": [later("airflow.cli.cli_config", "airflow.models.log")],
    "airflow.executors.executor_loader": [later("airflow.models.team")],
    "airflow.executors.workloads.connection_test": [later("airflow.models.connection_test")],
    "airflow.executors.workloads.types": [
        later(
            "airflow.models.callback",
            "airflow.models.connection_test",
            "airflow.models.taskinstance",
        )
    ],
    "airflow.models.base": [_with_all_models],
    "airflow.providers.common.sql.hooks.sql": [
        later("sqlalchemy", "sqlalchemy.engine"),
        caught_later("sqlalchemy.exc"),
    ],
    "airflow.providers.microsoft.azure.hooks.wasb": [
        later("azure.identity.aio", "azure.storage.blob.aio")
    ],
    "airflow.providers.microsoft.azure.utils": [
        later("azure.identity.aio"),
        made_later(
            "AzureIdentityCredentialAdapter",
            of="BasicTokenAuthentication",
            base="msrest.authentication",
        ),
    ],
    "airflow.providers.postgres.hooks.postgres": [later("sqlalchemy")],
    "airflow.providers.standard.operators.python": [later("airflow.models.variable")],
    "airflow.providers_manager": [_without_schemas],
    "airflow.sdk._shared.module_loading.file_discovery": [later("pathspec.patterns")],
    "airflow.sdk.api.datamodels._generated": [_with_models_built_when_used],
    "airflow.sdk._shared.providers_discovery.providers_discovery": [_without_schemas],
    "airflow.secrets.metastore": [later("sqlalchemy")],
    "airflow.settings": [
        later(
            "airflow.utils.orm_event_handlers",
            "sqlalchemy",
            "sqlalchemy.engine",
            "sqlalchemy.ext.asyncio",
            "sqlalchemy.orm",
            "sqlalchemy.pool",
        ),
        _without_engine,
    ],
    "cosmos.cache": [
        later("airflow.models.dagrun", "airflow.models.variable", "sqlalchemy", "sqlalchemy.orm"),
        caught_later("sqlalchemy.exc"),
    ],
    "cosmos.dbt.graph": [later("airflow.models.variable")],
    "cosmos.operators.local": [later("airflow.models.taskinstance", "sqlalchemy.orm")],
}


def import_less(*, in_task_pod: bool) -> None:
    """Leave out what `WAYS` names; in the pod of a task also what `WAYS_OF_A_TASK` does."""
    install(WAYS | WAYS_OF_A_TASK if in_task_pod else WAYS)


def read_packages_once() -> None:
    """Keep what is read of the installed packages, until the process forks.

    Whoever asks for one package by its name is answered as always.
    """
    distribution: Any = importlib.metadata.Distribution
    discover = distribution.discover
    kept: list[Any] = []

    def discovered(*, context: Any = None, **asked: Any) -> Iterator[Any]:
        if context or asked:
            return iter(discover(context=context, **asked))
        if not kept:
            kept[:] = list(discover())  # all of them, or an error and none
        return iter(kept)

    once = {}
    for name in ("metadata", "entry_points"):
        once[name] = cached_property(vars(distribution)[name].fget)
        once[name].__set_name__(distribution, name)
    _until_fork(distribution, discover=discovered, **once)


def read_yaml_fast() -> None:
    """Let `yaml.safe_load` take the parser in C, where there is one, until the process forks.

    Not where somebody has taught the other one: PyYAML gives it tables of its own then.
    """
    yaml: Any = importlib.import_module("yaml")

    def safe_load(stream: Any) -> Any:
        taught = any(name.startswith("yaml_") for name in vars(yaml.SafeLoader))
        return yaml.load(stream, yaml.SafeLoader if taught else yaml.CSafeLoader)

    if yaml.__with_libyaml__:
        _until_fork(yaml, safe_load=safe_load)


def _until_fork(owner: Any, **attributes: Any) -> None:
    originals = {name: vars(owner)[name] for name in attributes}

    def as_before() -> None:
        for name, original in originals.items():
            if vars(owner)[name] is attributes[name]:  # not what somebody else has put there
                setattr(owner, name, original)

    for name, value in attributes.items():
        setattr(owner, name, value)
    os.register_at_fork(after_in_child=as_before)
