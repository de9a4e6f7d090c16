"""What a person gives once: the facts of the tool against the tables of the page.

The roles are compared with those of the seed in tests/seed/test_stack.py.
"""

import re

from tests import ROOT
from tools.attack_paths.delivery import by_hand

PAGE = (ROOT / "docs" / "how-to" / "bootstrap.md").read_text()


def test_the_connections_are_those_of_the_page() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `airflow-")]
    named = {name for cell in rows for name in re.findall("`(.+?)`", cell)}
    patterns = [
        row["name"].format(environment="(dev|prod)", team=".+") for row in by_hand()["connection"]
    ]
    pools = {"airflow-untrusted", "airflow-plan", "airflow-build", "airflow-deploy"}

    unknown = {n for n in named - pools if not any(re.fullmatch(p, n) for p in patterns)}

    assert unknown == set()
    assert {p for p in patterns if not any(re.fullmatch(p, name) for name in named)} == set()


def test_an_approval_is_one_that_the_page_asks_for() -> None:
    approved = re.findall(r"\| `([\w-]+)` \|[^|]*\|[^|]*\*Approvals\*", PAGE)

    assert [f"airflow-{kind}" for kind in by_hand()["approval"]["kinds"]] == approved
