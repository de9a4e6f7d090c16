"""The end of an environment: in order, and only by the word, without protection or locks."""

import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.pipelines.recorded import Recorded


@pytest.fixture
def azure(recorded: Recorded) -> Recorded:
    """An Azure with the groups and no locks."""
    recorded.answers = {
        "group exists": ("true", 0),
        "lock list": ("[]", 0),
        "dataCollectionRules": (
            '[{"name": "NWTA-1", "id": "/rule"}, {"name": "dcr", "id": "/o"}]',
            0,
        ),
        "dataCollectionEndpoints": ('[{"name": "NWTA-1", "id": "/endpoint"}]', 0),
    }
    return recorded


def destroy(azure: Recorded, home: Path, environment: str, word: str) -> CompletedProcess[str]:
    options = ("--environment", environment, "--word", word)
    return azure.tool("tools.operations.destroy", *options, home=home)


def destroyed(azure: Recorded) -> list[str]:
    return [call[3] for call in azure.calls if call[:3] == ["npx", "cdktf", "destroy"]]


def test_the_last_stack_goes_first(azure: Recorded, home: Path) -> None:
    done = destroy(azure, home, "dev", "destroy dev")

    assert done.returncode == 0, done.stdout + done.stderr
    assert destroyed(azure) == [
        f"{stack}-dev" for stack in ("airflow", "platform", "identity", "data", "network")
    ]


def test_what_traffic_analytics_made_goes_before_its_group_and_nothing_else(
    azure: Recorded, home: Path
) -> None:
    destroy(azure, home, "dev", "destroy dev")

    said = [" ".join(call) for call in azure.calls]
    deleted = [call.rsplit(" ", 1)[1] for call in said if "resource delete" in call]
    assert list(dict.fromkeys(deleted)) == ["/rule", "/endpoint"]
    last = max(i for i, call in enumerate(said) if "resource delete" in call)
    assert last < next(i for i, call in enumerate(said) if "platform-dev" in call)


def test_a_pipeline_gives_the_word_as_a_variable(azure: Recorded, home: Path) -> None:
    command = (sys.executable, "-m", "tools.operations.destroy", "--environment", "dev")

    done = azure.run(*command, home=home, variables={"DESTROY_WORD": "destroy dev"})

    assert done.returncode == 0


@pytest.mark.parametrize("word", ["", "dev", "destroy prod", "Destroy dev"])
def test_without_the_word_nothing_is_touched(azure: Recorded, home: Path, word: str) -> None:
    done = destroy(azure, home, "dev", word)

    assert (done.returncode, azure.calls) == (2, [])
    assert "allowed: destroy dev" in done.stderr


def test_a_protected_environment_is_refused_even_with_the_word(azure: Recorded, home: Path) -> None:
    done = destroy(azure, home, "prod", "destroy prod")

    assert (done.returncode, azure.calls) == (2, [])
    assert "protect_data = true: what holds data is protected (data-prod" in done.stderr
    assert "docs/how-to/operate/destroy.md, step 2" in done.stderr


def test_a_lock_that_is_left_stops_it(azure: Recorded, home: Path) -> None:
    azure.answers["lock list"] = ('[{"name": "postgres-holds-data"}]', 0)

    done = destroy(azure, home, "dev", "destroy dev")

    assert (done.returncode, destroyed(azure)) == (2, [])
    assert "postgres-holds-data: Azure's locks are still there" in done.stderr


def test_a_stack_that_stays_stops_those_that_it_needs(azure: Recorded, home: Path) -> None:
    azure.answers["destroy platform-dev"] = ("a group is not empty", 1)

    done = destroy(azure, home, "dev", "destroy dev")

    assert done.returncode == 1
    assert destroyed(azure) == ["airflow-dev", "platform-dev"]
    assert "run it again" in done.stderr


def test_a_company_s_repository_has_cdktf_without_npx(azure: Recorded, home: Path) -> None:
    azure.programs = ("az", "cdktf")

    done = destroy(azure, home, "dev", "destroy dev")

    assert done.returncode == 0, done.stdout + done.stderr
    assert ["cdktf", "destroy", "airflow-dev"] in [call[:3] for call in azure.calls]


def test_groups_that_are_gone_are_asked_for_nothing(azure: Recorded, home: Path) -> None:
    azure.answers["group exists"] = ("false", 0)

    done = destroy(azure, home, "dev", "destroy dev")

    assert done.returncode == 0
    assert not any("lock" in call or "resource" in call for call in azure.calls)


def test_an_environment_that_is_not_there_is_refused(azure: Recorded, home: Path) -> None:
    shutil.rmtree(home / "environments")
    (home / "environments").mkdir()

    done = destroy(azure, home, "test", "destroy test")

    assert (done.returncode, azure.calls) == (2, [])
