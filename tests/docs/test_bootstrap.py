"""What the bootstrap page lets the deployer do."""

import re
import subprocess

from azure_facts.directory import ROLES

from tests.docs.pages import blocks
from tests.fixtures import ROOT

PAGE = ROOT / "docs" / "how-to" / "bootstrap.md"
IDENTITIES = ROOT / "docs" / "reference" / "identities.md"


def given() -> set[str]:
    """Return the Azure roles that the stacks give, of the page that is tested against them."""
    rows = [line.split("|") for line in IDENTITIES.read_text().splitlines() if line[:3] == "| `"]
    names = {row[2].strip() for row in rows}
    return {name for name in names if not name.startswith("Airflow.")} - {"Entra administrator"}


def script() -> str:
    """Return the commands that give the deployer its last role."""
    (found,) = [text for text in blocks(PAGE, "bash") if "ForAnyOfAnyValues" in text]
    return found


def test_the_deployer_may_give_the_roles_that_the_stacks_give_and_no_other() -> None:
    listed = re.findall(r"^([0-9a-f-]{36})  # (.+)$", script(), re.M)

    assert {name: role for role, name in listed} == {name: ROLES[name] for name in given()}


def test_bash_passes_the_condition_on_as_it_stands() -> None:
    commands = f'grant() {{ printf "%s\\n" "${{@: -1}}"; }}\nset -H\n{script()}'

    done = subprocess.run(
        ["bash", "-c", commands],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/bin:/usr/bin"},
    )

    condition = " ".join(done.stdout.split())
    assert condition.startswith(
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR"
    )
    assert condition.count(ROLES["AcrPull"]) == 2
    assert "#" not in condition
