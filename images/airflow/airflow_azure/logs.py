"""Task logs in Blob storage that an outage cannot cut short: Airflow's `logging_config_class`.

The provider's own writer takes a failed look at the old log for "there is none" and writes over it,
and gives up at the first refusal; a KubernetesExecutor pod then takes its log along.
"""

import re
import time
from copy import deepcopy
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.configuration import conf
from airflow.providers.microsoft.azure.log.wasb_task_handler import WasbRemoteLogIO
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient

from airflow_azure.blobs import IMPATIENT
from airflow_azure.ended import last_lines

SECTION = "azure_remote_logging"
ATTEMPT = re.compile(r"attempt=(\d+)\.log$")  # of [logging] log_filename_template
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class PatientLogs(WasbRemoteLogIO):
    """Appends to what is there, and retries until storage answers.

    Airflow uploads after it has reported the task's state, so waiting holds up nothing but the end
    of the worker's process. `[azure_remote_logging] upload_patience_seconds` (600) bounds it.
    """

    def write(self, log: str, remote_log_location: str, append: bool = True) -> bool:
        """Append the text to the blob; return whether it arrived and the local copy may go."""
        # the triggerer uploads between two heartbeats, and keeps its files: it must not wait
        triggerer = ".trigger." in remote_log_location.rpartition("/")[2]
        configured = conf.getint(SECTION, "upload_patience_seconds", fallback=600)
        patience = 0 if triggerer else configured
        deadline = time.monotonic() + patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                _write(self._blob(remote_log_location), log, append=append)
            except AzureError as error:
                if time.monotonic() + pause > deadline:
                    self.log.error(
                        "The log is not in container %s: no upload in %d s, last: %s. It stays on "
                        "this machine under %s, and in the worker's standard output",
                        self.wasb_container,
                        patience,
                        str(error).partition("\n")[0],
                        self.base_log_folder,
                    )
                    return False
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            else:
                return True

    def read(self, relative_path: str, ti: Any) -> tuple[Any, Any]:
        """Return a try's log; its last line says why Kubernetes ended the pod, if it did."""
        sources, logs = super().read(relative_path, ti)
        attempt = ATTEMPT.search(relative_path)
        try:
            noted = last_lines(ti, int(attempt[1])) if attempt else []
        except Exception:  # who reads a log must get it, whatever the database says
            self.log.exception("No look at why Kubernetes ended the pod")
            noted = []
        if not noted:
            return sources, logs
        return [*sources, "Airflow's audit log"], [*(logs or []), "\n".join(noted)]

    def _blob(self, name: str) -> BlobClient:
        service = self.hook.blob_service_client
        assert isinstance(service, BlobServiceClient)
        return service.get_blob_client(self.wasb_container, name)


def _write(blob: BlobClient, text: str, *, append: bool) -> None:
    old = b""
    unchanged: dict[str, Any] = {}
    if append:
        try:
            download = blob.download_blob(**IMPATIENT)
            old = bytes(download.readall())
            # two writers of one log: the later one must not lose the earlier one's lines
            unchanged = {
                "etag": download.properties.etag,
                "match_condition": MatchConditions.IfNotModified,
            }
        except ResourceNotFoundError:
            unchanged = {"match_condition": MatchConditions.IfMissing}
    gap = b"\n" if old and not old.endswith(b"\n") else b""
    blob.upload_blob(old + gap + text.encode(), overwrite=True, **unchanged, **IMPATIENT)


def _remote_task_log() -> WasbRemoteLogIO | None:
    on = conf.getboolean("logging", "remote_logging", fallback=False)
    return PatientLogs.from_config() if on else None


LOGGING_CONFIG: dict[str, Any] = deepcopy(DEFAULT_LOGGING_CONFIG)
REMOTE_TASK_LOG = _remote_task_log()
