"""What an operator of the platform goes through, in order, on a real cluster."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tools.cluster.airflow import ENDS, NAMESPACE, TEAM, Airflow
from tools.cluster.browser import REFUSED, browser, missing_for_browser
from tools.cluster.costs import Costs
from tools.cluster.platform import Platform
from tools.cluster.releases import names_of
from tools.cluster.roles import MAY
from tools.cluster.story import Story, wait_for

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
WORK = "journey_work"
DAY = "2026-01-01"
ROWS = "order_id,customer_id,country,ordered_on,currency,amount\n1,7,DE,2026-01-01,EUR,10.50\n"
RATES = "currency,euro\nEUR,1\n"


class Step(StrEnum):
    """A step after the upload."""

    ONE_TASK = "one-task"
    EXAMPLES = "examples"
    SCALE = "scale"
    COSTS = "costs"
    KILL_THE_SCHEDULER = "kill-the-scheduler"
    KILL_THE_API_SERVER = "kill-the-api-server"
    CUT_THE_DATABASE = "cut-the-database"
    EVICT_A_TASK = "evict-a-task"
    BREAK_OFF_AN_UPLOAD = "break-off-an-upload"
    ROTATE_A_SECRET = "rotate-a-secret"
    UPGRADE = "upgrade"
    DRAIN = "drain"
    SIGN_IN = "sign-in"
    DESTROY = "destroy"


@dataclass
class Journey:
    """The steps; each adds its result to the story."""

    platform: Platform
    airflow: Airflow
    story: Story
    dags: Path
    """The example DAGs, with dbt's manifest where it could be made."""

    def steps(self, next_tag: str) -> dict[Step, Callable[[], None]]:
        """Return the steps after the upload, in order."""
        return {
            Step.ONE_TASK: self.one_task,
            Step.EXAMPLES: self.examples,
            Step.SCALE: self.scale,
            Step.COSTS: self.costs,
            Step.KILL_THE_SCHEDULER: self.kill_the_scheduler,
            Step.KILL_THE_API_SERVER: self.kill_the_api_server,
            Step.CUT_THE_DATABASE: self.cut_the_database,
            Step.EVICT_A_TASK: self.evict_a_task,
            Step.BREAK_OFF_AN_UPLOAD: self.break_off_an_upload,
            Step.ROTATE_A_SECRET: self.rotate_a_secret,
            Step.UPGRADE: lambda: self.upgrade(next_tag),
            Step.DRAIN: self.drain,
            Step.SIGN_IN: self.sign_in,
            Step.DESTROY: self.destroy,
        }

    def costs(self) -> None:
        """Measure what tasks cost by each executor."""
        Costs(self.airflow, self.story, self.platform.room).measure()

    def drain(self) -> None:
        """Say that no node is drained: there is only one."""
        self.story.skip("drain a node", "one kubelet: nothing could go anywhere else")

    def sign_in(self) -> None:
        """Sign in through NGINX in Chromium with each role, and read a task's log there."""
        if why := missing_for_browser(self.platform):
            self.story.skip("sign in through NGINX", why)
            return
        with self.story.step("sign in through NGINX") as step, browser(self.platform) as site:
            found = {role: site.answers_of(role) for role in MAY}
            self.story.check(found == MAY, f"roles got {found}, and not {MAY}")
            refused = site.refusal()
            self.story.check(refused == REFUSED, f"without a role there is {refused!r}")
            text = "the journey's task 0 works"
            path = f"/dags/{WORK}/runs/quiet/tasks/work/mapped/0"
            self.story.check(site.shows(path, text), f"the log of {WORK} is not on its page")
            complaints = self.platform.sign_in.complaints
            self.story.check(not complaints, f"Entra would refuse: {'; '.join(complaints)}")
            step.told = f"{len(found)} roles, a refusal, the log of a task"

    def install(self) -> None:
        """Install the releases in Terraform's order."""
        for name in names_of(self.platform.deployment):
            with self.story.step(f"install {name}") as step:
                self.platform.releases.install(name)
                if name == "prerequisites":
                    self.platform.let_out()
                if name == "airflow":
                    restarts = self.airflow.restarts()
                    step.told = f"{len(self.airflow.every_pod())} pods, restarts: {restarts or 0}"
                    self.story.check(not restarts, f"pods started again at first: {restarts}")
        for name in self.platform.releases.left_out():
            self.story.skip(f"install {name}", "its chart or images are in public registries alone")

    def smoke(self) -> None:
        """Run the DAG of each deployment, by the platform's own command."""
        with self.story.step("smoke run") as step:
            said = self.airflow.execute(
                "api-server", "python", "-m", "airflow_azure.smoke_run", seconds=600
            )
            step.told = said.strip().splitlines()[-1][:90]

    def upload(self) -> None:
        """Upload the four example DAGs, and the journey's own."""
        names = ["orders_ingest", "orders_load", "orders_warehouse", "maintenance"]
        with self.story.step("upload four example DAGs") as step:
            said = self.airflow.upload(self.dags, TEAM, "c1")
            wait_for("the DAGs", lambda: all(map(self.airflow.knows, [*names, WORK])), 300)
            step.told = said.split(": ")[-1]

    def examples(self) -> None:
        """Put a day of orders through the example DAGs, which start each other."""
        air = self.airflow
        air.write("data", f"raw/orders/{DAY}/shop.csv", ROWS)
        air.write("data", f"raw/exchange_rates/{DAY}.csv", RATES)
        for name in ("orders_load", "orders_warehouse"):
            air.sql(f"UPDATE dag SET is_paused = false WHERE dag_id = '{name}'")
        with self.story.step("orders_ingest") as step:
            air.trigger("orders_ingest", "journey", day=DAY)
            self._ends("orders_ingest", "journey", 300)
            step.told = str(air.tasks("orders_ingest", "journey"))
        for name in ("orders_load", "orders_warehouse"):
            with self.story.step(name) as step:
                wait_for(name, lambda name=name: air.last_run(name) in ENDS, 600)  # type: ignore[misc]
                step.told = air.last_run(name)
                self.story.check(step.told == "success", f"{name} ended with {step.told}")
        with self.story.step("maintenance") as step:
            air.trigger("maintenance", "journey", keep_days=36500)
            step.told = self._ends("maintenance", "journey", 300)

    def one_task(self) -> None:
        """Time one task on a quiet cluster, and find its log in storage."""
        air = self.airflow
        with self.story.step("two tasks, one after the other") as step:
            air.trigger(WORK, "quiet", tasks=1, seconds=0)
            self._ends(WORK, "quiet", 300)
            step.told = air.sql(
                "SELECT string_agg(task_id || ' ' || round(extract(epoch FROM "
                "end_date - queued_dttm)::numeric, 1) || ' s', ', ') FROM task_instance "
                f"WHERE dag_id = '{WORK}' AND run_id = 'quiet'"
            )
            logs = air.blobs("logs", f"tasks/dag_id={WORK}/run_id=quiet/")
            text = "".join(air.read("logs", name) for name in logs)
            self.story.check("the journey's task 0 works" in text, "the task's log is not there")

    def scale(self) -> None:
        """Start many tasks at once."""
        self._in_flight("24 tasks at once", "many", lambda: "", tasks=24, seconds=1)

    def kill_the_scheduler(self) -> None:
        """Kill the scheduler while tasks run."""
        self._in_flight("kill the scheduler", "scheduler", lambda: self._kill("scheduler"))

    def kill_the_api_server(self) -> None:
        """Kill every API server while tasks run: they report to it."""
        self._in_flight("kill the API servers", "api", lambda: self._kill("api-server"))

    def cut_the_database(self) -> None:
        """End all connections to the database while tasks run, as a failover does."""

        def cut() -> str:
            return f"{self.platform.database.cut('id-airflow%')} connections ended"

        self._in_flight("cut the database's connections", "cut", cut)

    def evict_a_task(self) -> None:
        """Evict the pods of tasks at work, as the drain of a node does."""

        def evict() -> str:
            pods = [each for each in self.airflow.pods("worker") if each.status.phase == "Running"]
            for pod in pods:
                self.airflow.evict(pod.metadata.name)
            return f"{len(pods)} evicted"

        self._in_flight("evict tasks, as a drain does", "evicted", evict)

    def break_off_an_upload(self) -> None:
        """Kill an upload in the middle: Airflow keeps what it has; the next one fixes it."""
        air = self.airflow
        with (
            self.story.step("break off an upload") as step,
            tempfile.TemporaryDirectory() as scratch,
        ):
            folder = Path(scratch)
            shutil.copytree(self.dags, folder / "dags")
            for number in range(300):
                (folder / "dags" / f"rows_{number}.py").write_text(f"ROWS = {number}\n" * 2000)
            changed = folder / "dags" / "journey_work.py"
            changed.write_text(changed.read_text().replace('"rehearsal"', '"broken-off"'))
            before = self._version()
            command, variables = air.upload_command(folder / "dags", TEAM, "c2")
            process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
            prefix = f"{TEAM}/rows_"
            wait_for("a part of the upload", lambda: len(air.blobs("dags", prefix)) > 5, 60)
            process.send_signal(signal.SIGKILL)
            process.wait()
            there = len(air.blobs("dags", prefix))
            self.story.check(there < 300, "the upload ended before it was killed")
            time.sleep(25)  # two looks of the DAG processor
            self.story.check(self._version() == before, "an upload that broke off made a version")
            air.trigger(WORK, "broken-off", tasks=1, seconds=0)
            self._ends(WORK, "broken-off", 300)
            air.upload(folder / "dags", TEAM, "c2")
            wait_for("the next version", lambda: self._version() != before, 120)
            step.told = (
                f"killed after {there} of 300 new files; the same version ran; fixed by the next"
            )

    def rotate_a_secret(self) -> None:
        """Change the API's key in the vault, and restart the components that read it."""
        air = self.airflow
        with self.story.step("rotate a secret") as step:
            self.platform.put_secret("airflow-api-secret-key", "another-" * 8)
            self.platform.webhook.renew()
            for name in ("api-server", "triggerer"):
                self._restart(name)
            air.trigger(WORK, "rotated", tasks=1, seconds=0)
            step.told = f"a run after it: {self._ends(WORK, 'rotated', 300)}"

    def upgrade(self, tag: str) -> None:
        """Upgrade to an image with this tag while tasks run, migrations first; then back out."""
        releases = self.platform.releases
        self._in_flight("upgrade the image", "upgrade", lambda: self._to(tag))
        with self.story.step("back out") as step:
            for name in ("migrations", "airflow"):
                releases.install(name)
            self.airflow.trigger(WORK, "backed-out", tasks=1, seconds=0)
            step.told = f"a run after it: {self._ends(WORK, 'backed-out', 300)}"

    def destroy(self) -> None:
        """Uninstall the releases in reverse order, and wait until no pod is left."""
        with self.story.step("destroy") as step:
            for name in reversed(names_of(self.platform.deployment)):
                self.platform.releases.uninstall(name)
            wait_for("the end of all pods", lambda: not self.airflow.every_pod(), 180)
            step.told = "no pod is left"

    def _to(self, tag: str) -> str:
        releases = self.platform.releases
        values = releases.values("airflow")
        old = values["defaultAirflowTag"]
        image = f"{values['defaultAirflowRepository']}:"
        images = self.platform.webhook.images
        images[f"{image}{tag}"] = images[f"{image}{old}"]
        started = time.monotonic()
        objects = _replaced(releases.values("migrations"), f"{image}{old}", f"{image}{tag}")
        releases.install("migrations", objects)
        migrated = time.monotonic()
        releases.install("airflow", values | {"defaultAirflowTag": tag})
        ready = time.monotonic()
        return f"migrations {migrated - started:.0f} s, release {ready - migrated:.0f} s"

    def _kill(self, component: str) -> str:
        killed = self.airflow.kill(component)
        seconds = wait_for(component, lambda: self.airflow.ready(component), 300)
        return f"{killed} killed, ready again after {seconds:.0f} s"

    def _restart(self, component: str) -> None:
        name = f"{NAMESPACE}-{component}"
        now = {"kubectl.kubernetes.io/restartedAt": str(time.time())}
        patch = {"spec": {"template": {"metadata": {"annotations": now}}}}
        apps = self.airflow.apps
        apps.patch_namespaced_deployment(name, NAMESPACE, patch)

        def rolled() -> bool:
            found = apps.read_namespaced_deployment(name, NAMESPACE)
            status, wanted = found.status, found.spec.replicas
            seen = status.observed_generation >= found.metadata.generation
            ready = (status.updated_replicas, status.ready_replicas, status.replicas)
            return seen and ready == (wanted,) * 3

        wait_for(component, rolled, 600)

    def _in_flight(
        self, name: str, run: str, disturb: Callable[[], str], *, tasks: int = 4, seconds: int = 40
    ) -> None:
        """Disturb a run while its tasks work: none may be lost, and none may run twice."""
        air = self.airflow
        with self.story.step(name) as step:
            air.trigger(WORK, run, tasks=tasks, seconds=seconds)
            wait_for("tasks at work", lambda: air.at_work(WORK, run) >= 1, 300)
            what = disturb()
            state = self._ends(WORK, run, 600)
            marks = Counter(
                name.rsplit("/", 1)[1].split("-")[0] for name in air.blobs("data", f"marks/{run}/")
            )
            lost = [str(number) for number in range(tasks) if not marks[str(number)]]
            doubled = [number for number, count in marks.items() if count > 1]
            told = f"{state}, {len(lost)} of {tasks} lost, {len(doubled)} doubled"
            step.told = "; ".join(filter(None, (what, told)))
        self.story.check(state == "success", f"{name}: the run ended with {state}")
        self.story.check(not lost, f"{name}: tasks {', '.join(lost)} never ran")
        self.story.check(not doubled, f"{name}: tasks {', '.join(doubled)} ran twice")

    def _ends(self, dag: str, run: str, seconds: float) -> str:
        wait_for(f"{dag} {run}", lambda: self.airflow.state(dag, run) in ENDS, seconds)
        state = self.airflow.state(dag, run)
        self.story.check(state == "success", f"{dag} {run} ended with {state}")
        return state

    def _version(self) -> str:
        return self.airflow.sql(f"SELECT version FROM dag_bundle WHERE name = '{TEAM}'")


def _replaced(values: object, old: str, new: str) -> dict[str, object]:
    import json

    found: dict[str, object] = json.loads(json.dumps(values).replace(f'"{old}"', f'"{new}"'))
    return found
