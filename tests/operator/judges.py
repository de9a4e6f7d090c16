"""What each program itself says of the arguments that the pages give it.

A judge returns why its program refuses a call, "" where it takes it. Nothing leaves the machine.
"""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.operator.shell import Call
from tools.locked_venv import locked_venv

HERE = Path(__file__).parent
# groups of az that come as extensions, from an index of Microsoft's and no package registry
EXTENSIONS = {
    ("dataprotection",): "dataprotection",
    ("grafana",): "amg",
    ("network", "bastion"): "bastion",
}
# what real programs say to arguments that they do not take
REFUSED = re.compile(
    r"unknown (?:command|flag|shorthand|option|subcommand)|flag needs an argument|"
    r"invalid argument|required flag|flag provided but not defined|Too many command line|"
    r"requires .*argument|accepts \d+ arg|Usage: terraform|^usage: |Unrecognized|"
    r"is not a git command|no command named|is unknown",
    re.M | re.I,
)
LEFT_OUT = ("the following arguments are required", "required flag", "requires ")
# what kubectl says where no node is: the server has found the object and the container by then
NO_NODE = (
    *("does not have a host assigned", "Metrics API not available", "no preferred addresses"),
    *("Unable to use a TTY", "restart has already been triggered"),
)
# pods that tasks and deployments start: none is there when nothing runs
COME_AND_GO = ("component=worker", "component=migrations", "scalesetpriority=spot")
Judge = Callable[[Call], str]


def extension_of(call: Call) -> str | None:
    """Return the extension of az that a command comes from; None: it is az's own."""
    for group, extension in EXTENSIONS.items():
        if call.words[: len(group) + 1] == ("az", *group):
            return extension
    return None


def az_answers(python: Path, calls: Iterable[Call], folder: Path) -> dict[Call, str]:
    """Ask azure-cli's own parser about all calls at once: it takes seconds to load."""
    asked = [call for call in calls if extension_of(call) is None]
    for file in ("airflow.pfx", "pfx"):
        (folder / file).write_text("any")
    done = subprocess.run(
        [python, HERE / "az_parser.py"],
        input=json.dumps([call.words[1:] for call in asked]),
        env={"PATH": "", "HOME": str(folder), "AZURE_CORE_COLLECT_TELEMETRY": "no"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answers = zip(asked, json.loads(done.stdout), strict=True)
    return {call: _unless_left_out(call, answer or "") for call, answer in answers}


def _unless_left_out(call: Call, answer: str) -> str:
    """Forgive a command in a sentence what it leaves out, as `az aks machine list` does."""
    left_out = any(words in answer for words in LEFT_OUT)
    asks_help = "--help" in call.words and "\nCommand\n" in answer
    return "" if asks_help or (left_out and not call.whole) else answer[:400]


def layer(folder: Path) -> Path:
    """Unpack kubectl and helm from their wheel into a folder; return it."""
    venv = locked_venv("kubectl", HERE / "kubectl.lock", sys.executable, compiled=False)
    (package,) = venv.glob("lib/*/site-packages/aws_cdk/*/_jsii/*.tgz")
    with tarfile.open(package) as tar:
        inside = tar.extractfile("package/lib/layer.zip")
        assert inside
        with zipfile.ZipFile(inside) as archive:
            for name in ("kubectl/kubectl", "helm/helm"):
                target = folder / Path(name).name
                target.write_bytes(archive.read(name))
                target.chmod(0o755)
    return folder


def started(program: Path, words: Iterable[str], folder: Path, **variables: str) -> tuple[int, str]:
    """Start a program; return its exit status and what it said. One that waits is well: 0."""
    try:
        done = subprocess.run(
            [program, *words],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_ALLOW_PROTOCOL": ""}
            | variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=float(variables.get("SECONDS_AT_MOST", "120")),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 0, ""
    return done.returncode, (done.stderr + done.stdout).strip()


def offline(program: Path, folder: Path, **variables: str) -> Judge:
    """Judge by starting the program where it reaches nothing: it reads its arguments first."""

    def judge(call: Call) -> str:
        words = [word for word in call.words[1:] if not word.startswith("-chdir=")]
        status, said = started(program, words, folder, **variables)
        return _unless_left_out(call, said) if status and REFUSED.search(said) else ""

    return judge


def at_a_server(kubectl: Path, folder: Path, kubeconfig: Path) -> Judge:
    """Judge by what an API server answers that holds the objects of dev and has no node."""

    def judge(call: Call) -> str:
        status, said = started(
            kubectl, call.words[1:], folder, KUBECONFIG=str(kubeconfig), SECONDS_AT_MOST="5"
        )
        nothing = "No resources found" in said and "--selector" in call.words
        if nothing and not any(words in str(call) for words in COME_AND_GO):
            return said
        if status == 0 or any(words in said for words in NO_NODE):
            return ""
        return _unless_left_out(call, said)

    return judge
