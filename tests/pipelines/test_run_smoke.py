"""The last step of a deployment enters the API server's pod, and runs the DAG of the image."""

from pathlib import Path

import pytest

from tests import ROOT
from tests.pipelines.recorded import Recorded

SCRIPT = ROOT / "pipelines" / "run-smoke.sh"


@pytest.fixture
def home(tmp_path: Path, synthesized: Path) -> Path:
    (tmp_path / "home" / "environments").mkdir(parents=True)
    (tmp_path / "home" / "cdktf.out").symlink_to(synthesized)
    return tmp_path / "home"


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    (tmp_path / "bin").mkdir()
    return Recorded(tmp_path / "bin")


def test_it_signs_in_to_the_cluster_and_runs_in_the_pod_that_may_read_logs(
    recorded: Recorded, home: Path
) -> None:
    done = recorded.run(SCRIPT, "dev", home=home)

    assert done.returncode == 0, done.stderr
    credentials, convert, execute = recorded.calls
    assert credentials[:3] == ["az", "aks", "get-credentials"]
    assert {"rg-airflow-dev-platform", "aks-airflow-dev"} <= set(credentials)
    assert convert == ["kubelogin", "convert-kubeconfig", "--login", "azurecli"]
    assert execute[-3:] == ["python", "-m", "airflow_azure.smoke_run"]
    assert "deployment/airflow-api-server" in execute


def test_a_run_that_fails_fails_the_step(recorded: Recorded, home: Path) -> None:
    recorded.answers["kubectl exec"] = ("platform_smoke is not parsed", 1)

    done = recorded.run(SCRIPT, "dev", home=home)

    assert done.returncode == 1


# with one more than each needs: what is cut out of a text must not leave a command behind
@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("##vso[task.uploadfile]/root/.azure", "{}"),
        ("##vso[task.uploadfile]/root/.azure", "#{}"),
        ("::add-path::/tmp", "{}"),
        ("::add-path::/tmp", ":{}"),
    ],
)
def test_no_log_gives_the_agent_a_command(
    recorded: Recorded, home: Path, command: str, written: str
) -> None:
    line = written.format(command)
    recorded.answers["kubectl exec"] = (f"the end of its log: {line}\n{line}", 1)

    done = recorded.run(SCRIPT, "dev", home=home)

    assert command not in done.stdout + done.stderr
    assert "the end of its log: " in done.stdout


def test_no_credentials_are_left_behind(recorded: Recorded, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()

    recorded.run(SCRIPT, "dev", home=home, variables={"TMPDIR": str(folder)})

    assert list(folder.iterdir()) == []


def test_a_program_that_is_missing_is_named_with_the_fix(recorded: Recorded, home: Path) -> None:
    recorded.programs = ("az", "kubectl")

    done = recorded.run(SCRIPT, "dev", home=home)

    assert done.returncode == 2
    assert "kubelogin: not found" in done.stderr
    assert "fix: az aks install-cli" in done.stderr
