"""How a task asks for connections and variables: as Airflow does, and with the reason of a failure.

Airflow's own way takes every error of the API server for "not there": behind a vault that is away a
task reads "The conn_id isn't defined". `[workers] secrets_backend` names this class; it comes
before that way, and its error ends the search. It knows no vault.
"""

import os
from typing import Any

from airflow.sdk.exceptions import (
    AirflowRuntimeError,
    AirflowSecretsBackendAccessDenied,
    ErrorType,
)
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import (
    ConnectionResult,
    GetConnection,
    GetVariable,
    VariableResult,
)
from airflow.sdk.execution_time.context import _process_connection_result_conn
from airflow.secrets import BaseSecretsBackend


class SecretLookupError(AirflowSecretsBackendAccessDenied):
    """There was no answer, for the reason in the text: Airflow looks nowhere else."""


class TaskSecrets(BaseSecretsBackend):
    """Asks the API server, through the process that watches over the task."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        """Return the connection, or None.

        Raises:
            SecretLookupError: the API server could not look it up.
        """
        if f"AIRFLOW_CONN_{conn_id.upper()}" in os.environ:
            return None  # Airflow's next backend has it
        answer = _ask(GetConnection(conn_id=conn_id), f"connection {conn_id!r}")
        if isinstance(answer, ConnectionResult):
            return _process_connection_result_conn(answer)
        return None

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Return the variable's value, or None.

        Raises:
            SecretLookupError: the API server could not look it up.
        """
        if f"AIRFLOW_VAR_{key.upper()}" in os.environ:
            return None
        answer = _ask(GetVariable(key=key), f"variable {key!r}")
        return answer.value if isinstance(answer, VariableResult) else None


def _ask(message: GetConnection | GetVariable, what: str) -> Any:
    comms = getattr(task_runner, "SUPERVISOR_COMMS", None)
    if comms is None:  # no task: Airflow's other backends answer
        return None
    try:
        return comms.send(message)
    except AirflowRuntimeError as error:
        if error.error.error is not ErrorType.API_SERVER_ERROR:
            return None  # as Airflow does
        reason = (error.error.detail or {}).get("message") or "the API server gave no reason"
        raise SecretLookupError(f"no answer for {what}: {reason}") from None
