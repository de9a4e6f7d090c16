"""The cdktf CLI works on this project as its users know it."""

import os
import subprocess
from pathlib import Path

from synthesis.sources import RECORD


def test_its_synth_is_ours_to_the_byte(tmp_path: Path, project: Path, synthesized: Path) -> None:
    done = subprocess.run(
        [project / "node_modules" / ".bin" / "cdktf", "synth", "--output", tmp_path / "out"],
        cwd=project,
        env={**os.environ, "CI": "true", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    for file in {*synthesized.rglob("*.json")} - {synthesized / RECORD}:
        other = tmp_path / "out" / file.relative_to(synthesized)
        assert other.read_bytes() == file.read_bytes(), other
