"""An executor that writes down what the Kubernetes executor would start a pod for."""
# mypy: ignore-errors

import json
import os
from pathlib import Path

from airflow.executors.base_executor import BaseExecutor


class WaitingRoom(BaseExecutor):
    """Hands tasks over as files: `<number>.json` to run, which `<number>.done` ends."""

    def start(self):
        """Find the folder."""
        self._folder = Path(os.environ["BENCH_WAITING_ROOM"])
        self._started = {}

    def _process_workloads(self, workload_items):
        for workload in workload_items:
            self.queued_tasks.pop(workload.key)
            name = f"{len(self._started):05}"
            self._started[name] = workload.key
            self.running.add(workload.key)
            unfinished = self._folder / f"{name}.new"
            unfinished.write_text(workload.model_dump_json())
            unfinished.rename(self._folder / f"{name}.json")

    def sync(self):
        """Report the tasks whose process ended."""
        for file in self._folder.glob("*.done"):
            status = json.loads(file.read_text())
            key = self._started[file.stem]
            file.unlink()
            self.success(key) if status == 0 else self.fail(key)

    def end(self):
        """Leave what runs."""

    def terminate(self):
        """Leave what runs."""
