"""Prometheus' own tool, which evaluates rules on series that a test gives."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

Promtool = Callable[..., None]


@pytest.fixture
def promtool(promtool: str, tmp_path: Path) -> Promtool:
    """Evaluate rules each minute on series with a value a minute, and fail as promtool does."""

    def check(
        rules: Sequence[Mapping[str, Any]], series: Mapping[str, str], **expected: Any
    ) -> None:
        groups = [{"name": "rules", "interval": "1m", "rules": list(rules)}]
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
        given = [{"series": name, "values": values} for name, values in series.items()]
        test = {"interval": "1m", "input_series": given, **expected}
        (tmp_path / "test.yaml").write_text(
            yaml.safe_dump(
                {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
            )
        )
        done = subprocess.run(
            [promtool, "test", "rules", str(tmp_path / "test.yaml")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return check
