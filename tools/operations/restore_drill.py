"""Restore the database beside itself, look into the copy, and delete it: a drill.

Azure restores a server of its own, which nobody else uses; the one in use is not touched. A pod in
the namespace of the migrations, as their identity, compares its schema with the image's and counts
runs. The copy is deleted whatever comes of it.

Exit statuses: 0 restored, read and deleted; 1 not, or the copy is left, and the last lines say
which; 2 it could not start: no such environment, nothing synthesized, a program or a point in time
that is not there.
"""

import copy
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from conventions import company
from conventions.faults import Fault
from conventions.service_accounts import MIGRATIONS_NAMESPACE
from synthesis.reader import Synthesis
from tools.azure_names import Part, azure_name
from tools.exit_status import Exit
from tools.operations.programs import (
    FailedError,
    OperationError,
    Programs,
    beginning,
    failed,
    in_cluster,
    require,
)
from tools.options import Named, Out

SUFFIX = "-drill"
JOB = "restore-drill"
LIKE = "cronjob/database-cleanup"  # the same pod: image, identity, way to the database
AGO = timedelta(minutes=15)  # Azure can go back to about five minutes ago
POD_SECONDS = 900
_COUNT = """
from airflow.models import DagRun
from airflow.utils.session import create_session
from sqlalchemy import func, select
with create_session() as session:
    print("runs:", session.scalar(select(func.count(DagRun.id))))
    print("newest run:", session.scalar(select(func.max(DagRun.start_date))))
"""
CHECK = (
    "airflow db check && airflow db check-migrations --migration-wait-timeout 1 "
    f"&& exec python -c '{_COUNT}'"
)
Server = dict[str, Any]


def main(
    environment: Named,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%SZ"], help="The point in time, UTC; else 15 minutes ago."
        ),
    ] = None,
    out: Out = None,
) -> None:
    """Restore, look, and delete."""
    programs = Programs()
    with beginning():
        require(az="install the Azure CLI", kubectl="az aks install-cli")
        require(kubelogin="az aks install-cli")
        synthesis = Synthesis.load(out or company.output(), company.home())
        group, source, cluster, of_cluster = (
            azure_name(synthesis, environment, part)
            for part in (
                Part.DATA_GROUP,
                Part.DATABASE_SERVER,
                Part.CLUSTER,
                Part.CLUSTER_GROUP,
            )
        )
        server = _az(programs, group, "show", "--name", source)
        point = (at or datetime.now(UTC) - AGO).replace(tzinfo=UTC)
        _refuse(server, point)
    try:
        began = time.monotonic()
        _restore(programs, group, server, point)
        print(f"restored {server['name']}{SUFFIX} in {(time.monotonic() - began) / 60:.0f} minutes")
        _let_in(programs, group, server["name"])
        with in_cluster(programs, of_cluster, cluster) as inside:
            print(_look(inside, server), end="")
        status = Exit.GOOD
    except (FailedError, KeyboardInterrupt) as error:
        failed(error)
        status = Exit.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Exit.FAILED
    if not _deleted(programs, group, f"{server['name']}{SUFFIX}"):
        status = Exit.FAILED
    print(f"drill of {environment}: {'good' if status is Exit.GOOD else 'failed'}")
    sys.exit(status)


def _az(programs: Programs, group: str, *command: str) -> Server:
    verb, *options = command
    asked = ("az", "postgres", "flexible-server", verb, "--resource-group", group, *options)
    found: Server = programs.ask(*asked, "--output", "json") or {}
    return found


def _refuse(server: Server, point: datetime) -> None:
    """Refuse a point that Azure has no backup of.

    Raises:
        OperationError: it lies before the earliest one, or in the future.
    """
    told = (server.get("backup") or {}).get("earliestRestoreDate")
    earliest = datetime.fromisoformat(told) if told else None
    latest = datetime.now(UTC) - timedelta(minutes=5)
    if (earliest is None or point >= earliest) and point <= latest:
        return
    fault = Fault(
        place="--at",
        key=f"{point:%Y-%m-%dT%H:%M:%SZ}",
        problem=f"there is no backup of {server['name']} at that time",
        allowed=f"{earliest or 'the first backup'} to {latest:%Y-%m-%dT%H:%M:%SZ}",
        fix="choose a time between; a new server has its first backup after some minutes",
    )
    raise OperationError([fault])


def _restore(programs: Programs, group: str, server: Server, point: datetime) -> None:
    network = server["network"]
    options = [
        *("--name", f"{server['name']}{SUFFIX}", "--source-server", server["name"]),
        *("--restore-time", f"{point:%Y-%m-%dT%H:%M:%SZ}"),
        *("--subnet", network["delegatedSubnetResourceId"]),
        *("--private-dns-zone", network["privateDnsZoneArmResourceId"], "--yes"),
    ]
    key = server.get("dataEncryption") or {}
    if key.get("primaryKeyUri"):
        options += ["--key", key["primaryKeyUri"]]
        options += ["--identity", key["primaryUserAssignedIdentityId"]]
    _az(programs, group, "restore", *options)


def _let_in(programs: Programs, group: str, source: str) -> None:
    """Make the source's Entra administrators those of the copy: Azure does not always."""

    def administrators(server: str) -> list[dict[str, str]]:
        command = ("microsoft-entra-admin", "list", "--resource-group", group)
        asked = ("az", "postgres", "flexible-server", *command, "--server-name", server)
        found: list[dict[str, str]] = programs.ask(*asked, "--output", "json") or []
        return found

    there = {one["objectId"] for one in administrators(f"{source}{SUFFIX}")}
    for one in administrators(source):
        if one["objectId"] not in there:
            programs.run(
                *("az", "postgres", "flexible-server", "microsoft-entra-admin", "create"),
                *("--resource-group", group, "--server-name", f"{source}{SUFFIX}"),
                *("--display-name", one["principalName"], "--object-id", one["objectId"]),
                *("--type", one["principalType"]),
            )


def _look(programs: Programs, server: Server) -> str:
    """Run the check in a pod like that of the weekly cleanup; return what it printed."""
    kubectl = ("kubectl", "--namespace", MIGRATIONS_NAMESPACE)
    made = programs.ask(*kubectl, "create", "job", JOB, f"--from={LIKE}", *_DRY)
    host = server["fullyQualifiedDomainName"]
    other = host.replace(server["name"], f"{server['name']}{SUFFIX}", 1)
    text = json.dumps(_checking(made, host, other))
    programs.run(*kubectl, "delete", "job", JOB, "--ignore-not-found", "--wait")
    try:
        programs.run(*kubectl, "apply", "--filename", "-", given=text)
        _await(programs, kubectl)
        return programs.run(*kubectl, "logs", f"job/{JOB}")
    finally:
        programs.run(*kubectl, "delete", "job", JOB, "--ignore-not-found")


_DRY = ("--dry-run=client", "--output", "json")


def _checking(job: Any, host: str, other: str) -> Any:
    """Return the job with the check as its command, on another server."""
    changed = copy.deepcopy(job)
    changed["spec"]["backoffLimit"] = 0
    (container,) = changed["spec"]["template"]["spec"]["containers"]
    container["args"] = ["bash", "-c", CHECK]
    for variable in container["env"]:
        if host in variable.get("value", ""):
            variable["value"] = variable["value"].replace(host, other)
    return changed


def _await(programs: Programs, kubectl: tuple[str, ...]) -> None:
    end = time.monotonic() + POD_SECONDS
    while time.monotonic() < end:
        status = programs.ask(*kubectl, "get", "job", JOB, "--output", "json")["status"]
        if status.get("succeeded"):
            return
        if status.get("failed"):
            said = programs.run(*kubectl, "logs", f"job/{JOB}")
            raise FailedError(f"the copy is not as it should be: {said.strip()[-500:]}")
        time.sleep(5)
    raise FailedError(f"the pod of the check had not ended after {POD_SECONDS} s")


def _deleted(programs: Programs, group: str, name: str) -> bool:
    """Delete the copy, if there is one; say what to do where that fails."""
    try:
        listed = ("az", "postgres", "flexible-server", "list", "--resource-group", group)
        servers: list[Server] = programs.ask(*listed, "--output", "json") or []
        if any(one["name"] == name for one in servers):
            _az(programs, group, "delete", "--name", name, "--yes")
            print(f"{name} is deleted")
    except FailedError as error:
        failed(error)
        print(
            f"{name} may be left, and costs money: az postgres flexible-server delete "
            f"--resource-group {group} --name {name}",
            file=sys.stderr,
        )
        return False
    return True


if __name__ == "__main__":
    typer.run(main)
