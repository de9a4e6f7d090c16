"""Runs the commands of a page in a real bash that reaches nothing: programs are recorded instead.

Bash itself expands variables, functions, loops and pipes, so what is recorded is what a reader's
programs would be given. A variable that no command of the page sets, a program that nobody knows
and a filter that fails all show as words on standard error.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT

# what only reads and writes text: the real ones run
FILTERS = ["base64", "bash", "cat", "cp", "cut", "date", "grep", "head", "jq", "paste"]
FILTERS += ["sed", "sh", "sort", "tail", "tr", "xargs"]
RECORDED = ["airflow", "az", "cmctl", "curl", "git", "helm", "kubectl", "kubelogin", "make", "npx"]
RECORDED += ["openssl", "pg_dump", "pg_restore", "psql", "python3", "sleep", "terraform", "uvx"]
RECORDED += ["python", "./all.sh", "./product", ".venv/bin/python", ".venv/bin/pytest"]
RECORDED += sorted(f"pipelines/{file.name}" for file in (ROOT / "pipelines").glob("*.sh"))
REACH = ROOT / "docs/how-to/operate/reach-the-platform.md"
# what a reader's folder holds, or a command before has made
FOLDERS = [
    "airflow-platform",
    "our-dags",
    "environments",
    "pipelines",
    "cdktf.out/stacks/airflow-dev",
    "cdktf.out/stacks/data-dev",
    "old-system",
]
FOLDERS += ["constructs_lib", "stacks", "synthesis", "tools/bench", "tests/synthesis"]
FILES = [
    "airflow.cfg",
    "airflow.pfx",
    "environments/demo.toml",
    "environments/dev.toml",
    "secrets-to-key-vault.sh",
    "shop.json",
]
VARIABLES = {"LC_ALL": "C.UTF-8", "AIRFLOW_HOME": "."}  # what a reader's shell has already
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.M | re.S)
_INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_PLACEHOLDER = re.compile(r"<[a-z][^<>\n|&;]*>")
_RECORDER = """#!{bash}
case $0 in /*) name=${{0##*/}} ;; *) name=$0 ;; esac
printf '%s\\0' "$SHOWN" "$name" "$@" > "$CALLS/$BASHPID"
case " $* " in
  *" json "*|*" initialize-"*|*" --raw "*|*--json*) echo '{{"pods": [], "items": []}}' ;;
  *) echo answer ;;
esac
"""


@dataclass(frozen=True)
class Call:
    """A program and its arguments, as a page's reader would start it.

    `whole` is False for what stands in a sentence or a table: it may leave arguments out.
    """

    page: str
    words: tuple[str, ...]
    whole: bool = True

    @property
    def within(self) -> "Call | None":
        """What `kubectl exec` and `kubectl run` start in a pod, if this is one of them."""
        if self.words[0] != "kubectl" or "--" not in self.words:
            return None
        return Call(self.page, self.words[self.words.index("--") + 1 :], self.whole)

    def __str__(self) -> str:
        return " ".join(self.words)


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the commands of a page in its order, and whether each is a block of its own."""
    while block := _BLOCK.search(text):
        yield from _inline(text[: block.start()])
        indent, language, lines = block.groups()
        lines = _filled(re.sub(rf"^{indent}", "", lines, flags=re.M))
        if language == "bash":
            yield lines, True
        if language == "console":
            yield from ((line[2:], True) for line in lines.splitlines() if line[:2] == "$ ")
        text = text[block.end() :]
    yield from _inline(text)


def _inline(text: str) -> Iterator[tuple[str, bool]]:
    """Yield what stands in backticks and is a command: a known program and two words more."""
    for match in _INLINE.finditer(text):
        words = match[2].split()
        if len(words) > 2 and words[0] in RECORDED and not match[2].endswith("..."):
            yield _filled(match[2].strip()), False


def _filled(text: str) -> str:
    """Put a word where the page shows a placeholder such as `<tenant id>`."""
    return _PLACEHOLDER.sub(lambda match: re.sub(r"\W+", "-", match[0]).strip("-"), text)


def run(page: Path, folder: Path) -> tuple[list[Call], str]:
    """Run a page's commands; return what they would have started, and the shell's complaints."""
    return run_text(page.read_text(), folder, str(page.relative_to(ROOT)))


def run_text(text: str, folder: Path, name: str = "") -> tuple[list[Call], str]:
    """Run the commands of a page's text, as `run` does those of a page."""
    programs, made = _programs(folder)
    script = ["set -u"]
    if "ommands begin as in [reach the platform]" in text:
        script.append(next(lines for lines, _ in pieces(REACH.read_text())))
    for lines, shown in pieces(text):
        script += [f"cd {folder}; export SHOWN={'block' if shown else ''}", lines]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", "\n".join(script)],
        cwd=folder,
        env={"PATH": str(programs), "HOME": str(folder), "CALLS": str(made), **VARIABLES},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    read = [
        file.read_text()[:-1].split("\0")
        for file in sorted(made.iterdir(), key=lambda one: int(one.name))
    ]
    return [Call(name, tuple(words), bool(shown)) for shown, *words in read], done.stderr


def _programs(folder: Path) -> tuple[Path, Path]:
    programs, made = folder / "programs", folder / "calls"
    for needed in (programs, made, folder / ".venv/bin", *(folder / each for each in FOLDERS)):
        needed.mkdir(parents=True)
    for name in FILES:
        (folder / name).touch()
    (folder / "main.py").write_text("from cdktf import App")
    for name in FILTERS:
        (programs / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    recorder = programs / ".recorder"
    recorder.write_text(_RECORDER.format(bash=shutil.which("bash")))
    recorder.chmod(0o755)
    for name in RECORDED:
        (folder / name if "/" in name else programs / name).symlink_to(recorder)
    return programs, made
