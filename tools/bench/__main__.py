"""Measures a synth: as cdktf ships, as this project runs it, and the floor of empty stacks.

Runs are interleaved and repeated in one go, and medians are printed with their ratios: compare
ratios, since seconds belong to the machine. Byte code is on disk before the first measured run.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from environments.load import environment_files

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """What one run took: wall clock and processor in seconds, memory in MB of Python and Node."""

    wall: float
    cpu: float
    peak_mb: float


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end and return what it took, with its child processes."""
    start = time.perf_counter()
    process = psutil.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak, cpu = 0, {}
    while process.poll() is None:
        used = 0
        for member in [process, *_children(process)]:
            try:
                used += member.memory_info().rss
                times = member.cpu_times()
                cpu[member.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
        peak = max(peak, used)
        time.sleep(0.01)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[:2])} failed: {process.stderr.read().decode()[-2000:]}")
    return Cost(wall, sum(cpu.values()), peak / 1e6)


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def environments(folder: Path, count: int) -> list[str]:
    """Write `count` copies of the first environment into `folder`; return their paths."""
    known = environment_files()
    if not known:
        sys.exit("environments/ holds no *.toml: nothing to measure with")
    text = known[0].read_text()
    files = []
    for number in range(count):
        file = folder / f"bench{number}.toml"
        file.write_text(re.sub(r"(?m)^name = .*", f'name = "bench{number}"', text, count=1))
        files.append(str(file))
    return files


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the median of each measure."""
    columns = zip(*(asdict(cost).values() for cost in costs), strict=True)
    return Cost(*(statistics.median(column) for column in columns))


def main(
    rounds: Annotated[int, typer.Option(help="How often each variant runs.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure all variants, interleaved, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = environments(folder, 8)
        python = sys.executable
        commands = {
            "as shipped, 1 environment": [python, "-m", "tools.bench.as_shipped", files[0]],
            "this project, 1 environment": [python, "-O", "main.py", files[0]],
            "floor, 5 empty stacks": [python, "-m", "tools.bench.floor"],
            "this project, 2 environments": [python, "-O", "main.py", *files[:2]],
            "this project, 8 environments": [python, "-O", "main.py", *files],
        }
        settings = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CDKTF_OUTDIR": str(folder / "out"),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        }
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, command in commands.items():
                cost = measure(command, settings)
                if turn:  # the first one warms byte code and jsii's package cache
                    costs[name].append(cost)
    report({name: medians(values) for name, values in costs.items()}, as_json=as_json)


def report(results: Mapping[str, Cost], *, as_json: bool) -> None:
    """Print each variant with its ratios to the shipped one and to the floor."""
    if as_json:
        print(json.dumps({name: asdict(cost) for name, cost in results.items()}, indent=2))
        return
    shipped = results["as shipped, 1 environment"].wall
    floor = results["floor, 5 empty stacks"].wall
    table = Table(box=None, pad_edge=False)
    for column in ("variant", "wall s", "cpu s", "peak MB", "x shipped", "x floor"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for name, cost in results.items():
        table.add_row(
            name,
            f"{cost.wall:.2f}",
            f"{cost.cpu:.2f}",
            f"{cost.peak_mb:.0f}",
            f"{cost.wall / shipped:.2f}",
            f"{cost.wall / floor:.2f}",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
