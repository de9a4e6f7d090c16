"""What a person gives once: the facts of the tool against the commands of the page."""

import re

from tests import ROOT
from tools.attack_paths.delivery import by_hand

PAGE = (ROOT / "docs" / "how-to" / "bootstrap.md").read_text()
WHO = {"deployer": "deployer", "planner": "planner", "reviewer": "reviewer"}


def on(scope: str) -> str:
    return "states" if scope == "$states" else "subscription"


def roles() -> set[tuple[str, str, str]]:
    """Return who is given which role on what, by the page's commands."""
    plain = re.findall(r'grant \$(\w+) "([^"$]+)" (\S+)', PAGE)
    loops = re.findall(r'for role in ((?:"[^"]+" ?)+); do grant \$(\w+) "\$role" (\S+);', PAGE)
    each = [
        (who, role, scope) for given, who, scope in loops for role in re.findall('"(.+?)"', given)
    ]
    # a role of the page's own making: it may list resource providers
    found = {(who, role, on(scope)) for who, role, scope in (*plain, *each) if "review" not in role}
    return found | {(who, p, "Entra ID") for who, p in re.findall(r"permit \$(\w+) ([\w.]+)", PAGE)}


def test_the_roles_are_those_of_the_page() -> None:
    known = {(grant["who"], grant["role"], grant["on"]) for grant in by_hand()["grant"]}

    assert known == roles()


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
