"""A whole Airflow at work: API server, scheduler, DAG processor, PostgreSQL and Blob storage."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helm_values.airflow.dag_secrets import dag_secret_values
from helm_values.airflow.dags import SMOKE
from helm_values.airflow.probes import probe_values
from observability.metrics import AIRFLOW_CONFIG
from tests import ROOT
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.parts.azurite import Azurite
from tests.parts.postgres import Postgres, postgres
from tests.parts.processes import free_port, running, wait_until
from tests.runtime.airflow_api import AirflowApi
from tests.runtime.airflow_home import IMAGE, AirflowHome
from tests.runtime.authority import Authority, authority
from tests.runtime.lab import Lab
from tests.runtime.statsd import StatsdSink, statsd_sink
from tests.runtime.vault import LoopbackVaults, loopback_vaults

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
CONTAINERS = ("dags", "dag-versions", "airflow-logs", "data")
DAGS = Path(__file__).parent / "dags"
TEAM = "sales"
SECRETS = dag_secret_values(INFRASTRUCTURE)  # as synthesized


@dataclass(kw_only=True)
class LiveAirflow(AirflowApi):
    """What a test may ask of the running platform."""

    home: AirflowHome
    storage: Azurite
    lab: Lab
    database: Postgres
    entra: Authority
    metrics: StatsdSink
    vaults: LoopbackVaults
    migration: str = ""
    health_port: int = field(default_factory=free_port)

    @property
    def heartbeat_file(self) -> Path:
        """What the DAG processor marks with each heartbeat."""
        return self.home.folder / "heartbeat"

    def upload(self, folder: Path, commit: str) -> None:
        """Upload a folder as the team's pipeline does."""
        self.lab.do("client = service.get_container_client('dags')")
        self.lab.do(f"Upload(client, pathlib.Path({str(folder)!r}), {TEAM!r}).run({commit!r})")

    def blobs(self, container: str) -> dict[str, str]:
        """Return the container's blobs by name."""
        found: dict[str, str] = self.lab.eval(f"blobs({container!r})")
        return found

    def hear(self, metric: str) -> None:
        """Wait until Airflow has sent the metric."""
        wait_until(lambda: metric in self.metrics.kinds, f"{metric} sent", 120)


@contextmanager
def live_airflow(programs: Path, folder: Path, storage: Azurite, lab: Lab) -> Iterator[LiveAirflow]:
    """Run everything; its logs are in `folder`, to read when a test fails."""
    with ExitStack() as parts:
        database = parts.enter_context(postgres())
        entra = parts.enter_context(authority(folder / "entra"))
        metrics = parts.enter_context(statsd_sink())
        database.accept_only(entra.token)
        home = AirflowHome(programs, folder)
        (folder / "plugins").symlink_to(IMAGE / "plugins")
        names = (INFRASTRUCTURE.dag_vault_name, *INFRASTRUCTURE.team_vault_names.values())
        vaults = parts.enter_context(loopback_vaults(folder / "vaults", entra, *names))
        live = LiveAirflow(
            home=home,
            storage=storage,
            lab=lab,
            database=database,
            entra=entra,
            metrics=metrics,
            vaults=vaults,
            port=free_port(),
        )
        _configure(live)
        lab.do(f"[service.create_container(name) for name in {CONTAINERS}]")
        live.upload(DAGS, commit="c1")
        migrated = live.home.run("airflow", "db", "migrate")
        assert migrated.returncode == 0, migrated.stderr
        live.migration = migrated.stdout + migrated.stderr
        for name in ("api-server", "scheduler", "dag-processor"):
            command = [str(programs / "airflow"), name]
            env = live.home.env
            if name == "api-server":
                command += ["--port", str(live.port), "--workers", "1", "--host", "127.0.0.1"]
                values = SECRETS["apiServer"]["env"]
                env |= vaults.environment | {each["name"]: each["value"] for each in values}
            if name == "dag-processor":  # in a cluster each component has its own
                env["AIRFLOW__AZURE_HEALTH__HEARTBEAT_FILE"] = str(live.heartbeat_file)
            if name == "scheduler":
                command += ["--skip-serve-logs"]
            log = folder / f"{name}.log"
            parts.enter_context(running(command, log, env=env, grace=3))
        wait_until(live.sign_in, "the API server", 300)
        yield live


def _configure(live: LiveAirflow) -> None:
    home = live.home
    home.environment |= live.entra.environment
    home.environment["AIRFLOW_CONN_WASB_DEFAULT"] = live.storage.connection
    lake = {
        "conn_type": "adls",
        "extra": {"connection_string": live.storage.connection_string},
    }
    home.environment["AIRFLOW_CONN_LAKE"] = json.dumps(lake)
    home.set("database", sql_alchemy_conn=live.database.airflow_url())
    home.set("azure_postgres", entra_token_scope=SCOPE)
    home.set("core", executor="LocalExecutor", parallelism=2, dags_are_paused_at_creation=False)
    home.set("core", simple_auth_manager_all_admins=True, fernet_key="")
    home.set("core", execution_api_server_url=f"http://127.0.0.1:{live.port}/execution/")
    home.set("api", base_url=f"http://127.0.0.1:{live.port}", secret_key="one-for-all-processes")
    home.set(
        "api_auth", jwt_secret="one-for-all-processes-of-this-test-and-long-enough-for-hs512-x"
    )
    home.set("scheduler", **probe_values()["config"]["scheduler"])
    home.set("scheduler", scheduler_health_check_server_port=live.health_port)
    home.set("workers", **SECRETS["config"]["workers"], execution_api_retries=3)
    home.set("workers", execution_api_timeout=60)  # on a machine that does other things too

    where = {"container": "dags", "versions_container": "dag-versions", "prefix": TEAM}
    bundle = {
        "name": TEAM,
        "classpath": "airflow_azure.bundle.BlobDagBundle",
        "kwargs": {**where, "refresh_interval": 2},
    }
    home.set("dag_processor", dag_bundle_config_list=json.dumps([bundle, _smoke()]))
    home.set("dag_processor", dag_bundle_storage_path=home.folder / "bundles")
    home.set("dag_processor", bundle_refresh_check_interval=1)
    # so long that only a new file is parsed: a new version must make it one
    home.set("dag_processor", min_file_process_interval=600)
    home.set("logging", remote_logging=True, remote_log_conn_id="wasb_default")
    home.set("logging", remote_base_log_folder="wasb://tasks", delete_local_logs=True)
    home.set("logging", logging_config_class="airflow_azure.logs.LOGGING_CONFIG")
    home.set("metrics", statsd_host="127.0.0.1", statsd_port=live.metrics.port, **AIRFLOW_CONFIG)


def _smoke() -> dict[str, Any]:
    """Return the bundle that comes with the image, from its folder here."""
    folder = Path(SMOKE["kwargs"]["path"]).relative_to("/opt/airflow/platform")
    return {**SMOKE, "kwargs": {"path": str(ROOT / "images/airflow" / folder)}}
