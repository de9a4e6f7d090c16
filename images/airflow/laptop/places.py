"""Where a laptop's Airflow keeps its files, and which processes belong to it."""

import json
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Places:
    """The folder `.airflow/laptop` beside the DAGs; Git ignores it."""

    dags: Path

    @property
    def root(self) -> Path:
        """The folder of everything."""
        return self.dags.parent / ".airflow" / "laptop"

    @property
    def log(self) -> Path:
        """What Airflow's programs print."""
        return self.root / "airflow.log"

    @property
    def state(self) -> Path:
        """The processes that run, and where Airflow answers."""
        return self.root / "running.json"


def remember(file: Path, port: int, processes: list[psutil.Process]) -> None:
    """Write down what runs; a number alone could be another process's tomorrow."""
    known = [[process.pid, process.create_time()] for process in processes]
    file.write_text(json.dumps({"port": port, "processes": known}), encoding="utf-8")


def running(file: Path) -> list[psutil.Process]:
    """Return the processes of a written state that still run."""
    if not file.is_file():
        return []
    found = []
    for pid, created in json.loads(file.read_text(encoding="utf-8"))["processes"]:
        try:
            process = psutil.Process(pid)
            if process.create_time() == created:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def port_of(file: Path) -> int:
    """Return the port that Airflow answers at."""
    return int(json.loads(file.read_text(encoding="utf-8"))["port"])


def memory_mib(processes: list[psutil.Process]) -> int:
    """Return the memory of processes and of all that they started; shared pages count once."""
    every = {child for one in processes for child in [one, *one.children(recursive=True)]}
    total = 0
    for process in every:
        try:
            used = process.memory_full_info()
            total += getattr(used, "pss", 0) or used.uss
        except psutil.Error:
            continue
    return total // 2**20
