"""The commands of the how-to pages are ones that the programs themselves take."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import name
from tests.operator.conftest import Answers
from tests.operator.judges import Judge, extension_of, offline
from tests.operator.shell import Call, run_text
from tests.operator.tables import PAGES

Of = Callable[[str], list[Call]]


def refusals(judge: Judge, calls: list[Call]) -> dict[str, str]:
    """Return what is refused, by page and command."""
    assert calls
    return {f"{call.page}: {call}": said for call in calls if (said := judge(call))}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_shell_runs_the_commands_of_a_page_and_misses_nothing(
    page: Path, shell: dict[Path, tuple[list[Call], str]]
) -> None:
    _, complaints = shell[page]

    assert complaints == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("az group show --name $grupo", "grupo: unbound variable"),
        ("kubctl get pods", "kubctl: command not found"),
        ("az group list --output json | jq '.[] | {'", "jq: error: syntax error"),
        ("kubectl get pods | grep -E '('", "Unmatched"),
        ("for node in a b; do kubectl drain $node", "unexpected end of file"),
    ],
)
def test_a_shell_complains_of_what_a_reader_s_shell_would(
    text: str, complaint: str, tmp_path: Path
) -> None:
    _, complaints = run_text(f"```bash\n{text}\n```\n", tmp_path)

    assert complaint in complaints


def test_a_command_gets_what_the_shell_makes_of_it(tmp_path: Path) -> None:
    text = 'grant() { az role create --role "$1"; }; for x in A "B C"; do grant "$x"; done'

    calls, _ = run_text(f"```bash\n{text}\n```\n", tmp_path)

    assert [call.words[-1] for call in calls] == ["A", "B C"]


WRONG = {
    "az aks show --resource-group a --name b --clusterr c": "unrecognized arguments",
    "az aks display --resource-group a --name b": "'display' is misspelled",
    "az aks show --name b": "--resource-group/-g",
    "az group list --query [?name": "--query",
    "az storage account create --name a --resource-group b --sku Cheap": "Cheap",
}


@pytest.fixture(scope="module")
def said_by_az(of: Of, az: Answers) -> dict[Call, str]:
    """What azure-cli says of the commands of the pages, and of wrong ones, asked at once."""
    return az([*of("az"), *(Call("", tuple(command.split())) for command in WRONG)])


def test_azure_s_command_line_takes_its_commands(said_by_az: dict[Call, str]) -> None:
    said = {f"{call.page}: {call}": said for call, said in said_by_az.items() if call.page}

    assert len(said) > len(WRONG)
    assert {call: refused for call, refused in said.items() if refused} == {}


@pytest.mark.parametrize(("command", "answer"), WRONG.items())
def test_azure_s_command_line_refuses_a_wrong_one(
    command: str, answer: str, said_by_az: dict[Call, str]
) -> None:
    assert answer in said_by_az[Call("", tuple(command.split()))]


def test_an_extension_is_installed_before_a_page_uses_it(pages: dict[Path, list[Call]]) -> None:
    unnamed = {
        f"{name(page)}: {extension}"
        for page, calls in pages.items()
        for call in calls
        if (extension := extension_of(call))
        if f"az extension add --name {extension}" not in page.read_text()
    }

    assert unnamed == set()


def test_a_cluster_with_the_objects_of_dev_takes_the_commands_of_kubectl(
    of: Of, kubectl: Judge
) -> None:
    assert refusals(kubectl, of("kubectl")) == {}


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("get pods --wie wide", "unknown flag: --wie"),
        ("rollout restart deployment/airflow-schedular", 'airflow-schedular" not found'),
        ("logs deployment/airflow-scheduler --container schedule", "schedule"),
        ("exec deployment/airflow-scheduler --container web -- airflow db check", "web"),
        ("get pods --selector component=webserver", "No resources found"),
        ("get pods --namespace other --selector component=scheduler", "No resources found"),
        ("get certificaterequest,ordre", "resource type"),
        ("get pods --field-selector state=Pending", "field label not supported"),
    ],
)
def test_the_cluster_refuses_a_wrong_one(command: str, answer: str, kubectl: Judge) -> None:
    assert answer in kubectl(Call("", ("kubectl", *command.split())))


def test_helm_takes_its_commands(of: Of, helm: Judge) -> None:
    assert refusals(helm, of("helm")) == {}


def test_helm_refuses_a_wrong_one(helm: Judge) -> None:
    assert "unknown flag" in helm(Call("", ("helm", "list", "--pendign")))


def test_terraform_takes_its_commands(of: Of, terraform_line: Judge) -> None:
    assert refusals(terraform_line, of("terraform")) == {}


@pytest.mark.parametrize("words", [["plan", "-refrsh=false"], ["force-unlock"], ["statte", "push"]])
def test_terraform_refuses_a_wrong_one(words: list[str], terraform_line: Judge) -> None:
    assert terraform_line(Call("", ("terraform", *words)))


@pytest.mark.parametrize("program", ["git", "openssl", "curl"])
def test_a_program_of_the_reader_s_machine_takes_its_commands(
    program: str, of: Of, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    judge = offline(Path(shutil.which(program) or program), tmp_path)

    assert refusals(judge, of(program)) == {}


@pytest.mark.parametrize(
    "command",
    ["git switch --crate a", "openssl s_client -conect a:1", "curl --writeout a b.invalid"],
)
def test_a_program_of_the_reader_s_machine_refuses_a_wrong_one(
    command: str, tmp_path: Path
) -> None:
    program, *words = command.split()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    assert offline(Path(shutil.which(program) or program), tmp_path)(Call("", (program, *words)))


@pytest.mark.parametrize("command", ["deploy", "destroy", "diff"])
def test_cdktf_has_the_options_and_the_stacks_that_are_named(
    command: str, of: Of, stacks: dict[str, object]
) -> None:
    calls = [call for call in of("npx") if call.words[1:3] == ("cdktf", command)]
    cdktf = ROOT / "node_modules/.bin/cdktf"
    told = subprocess.run([cdktf, command, "--help"], capture_output=True, text=True, check=False)

    words = {word for call in calls for word in call.words[3:]}

    options = set(re.findall(r"(--[a-z-]+)", told.stdout + told.stderr))
    assert {word for word in words if word.startswith("-")} - options == set()
    assert {word for word in words if not word.startswith("-")} - set(stacks) == set()


CLUSTER = "--cluster"
# variables of the Makefile that hold options of a program
HOLD = {"REHEARSE": "tools.rehearsal", "PLAN": "tools.plan", "SMOKE": "tools.smoke"}


def programs_of_ours(of: Of) -> set[tuple[str, ...]]:
    """Return module and words of each program of the project that pages start, by make too."""
    found = {call.words[2:] for call in of(".venv/bin/python") if call.words[1] == "-m"}
    for call in of("make"):
        for word in call.words[1:]:
            variable, _, text = word.partition("=")
            if variable in HOLD:
                program, words = HOLD[variable], shlex.split(text)
                if CLUSTER in words:  # hands all others on
                    program = "tools.cluster"
                    words.remove(CLUSTER)
                found.add((program, *words))
    return found


# One process for all: each would import the same packages again.
HELPS = """
import contextlib, io, json, runpy, sys
told = []
for module, *command in json.load(sys.stdin):
    sys.argv = [module, *command, "--help"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit, Exception):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    told.append(out.getvalue())
print(json.dumps(told))
"""


def test_a_program_of_ours_has_the_options_that_pages_give_it(of: Of) -> None:
    programs = sorted(programs_of_ours(of))
    commands = [
        [module, *(words[:1] if words and not words[0].startswith("-") else [])]
        for module, *words in programs
    ]
    done = subprocess.run(
        [sys.executable, "-c", HELPS],
        input=json.dumps(commands),
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )

    unknown = {
        words: missed
        for words, told in zip(programs, json.loads(done.stdout), strict=True)
        if (missed := {word for word in words if word.startswith("--") and word not in told})
    }
    assert unknown == {}
    assert [words[0] for words in programs if not importlib.util.find_spec(words[0])] == []


def test_make_has_the_variables_that_pages_set(of: Of) -> None:
    makefiles = (ROOT / "Makefile").read_text()
    makefiles += (ROOT / "templates/dag-repository/Makefile.jinja").read_text()
    makefiles += (
        ROOT / "packages/terraform_runner/src/terraform_runner/binary.py"
    ).read_text()  # TERRAFORM
    words = [word.partition("=") for call in of("make") for word in call.words[1:]]

    unknown = {name for name, set_to, _ in words if set_to and name not in makefiles}
    assert unknown == set()
