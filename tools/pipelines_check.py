"""Hold the environments that pipelines name against the files: `python -m tools.pipelines_check`.

Exit status: 0 each of them has a file, 1 one has none, 2 a file cannot be read.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from conventions import company
from conventions.faults import Fault, FaultError
from conventions.stack_names import STACKS
from environments.load import environment_files, load
from tools.pipeline_yaml.expand import PipelineError, expand, read_yaml

_STAGES = re.compile(rb"^stages:", re.M)  # other YAML may have tags of its own
_NAME = "([a-z][a-z0-9]{1,5})"
_NAMED = re.compile(rf"\btools\.[\w.]+ .*?--environment[ =]{_NAME}\b")
_DEPLOYED = re.compile(rf"\bdeploy (?:{'|'.join(STACKS)})-(?:{_NAME}\b|\$)")


def main() -> None:
    """Refuse a pipeline's environment without a file, and tell which file no pipeline deploys."""
    try:
        home = company.home()
        files = environment_files()
        names = [environment.name for environment in load(files)]
        texts = {file.relative_to(home): list(_texts(read)) for file, read in _pipelines(home)}
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    change = (
        "docs/how-to/add-an-environment.md says how"
        if company.is_product(home)
        else "uvx copier update --vcs-ref :current: --data 'environments=[...]', with all of them "
        "in the order in which they are deployed"
    )
    deployed = {name for each in texts.values() for name in _found(_DEPLOYED, each)}
    for file, name in zip(files, names, strict=True):
        if deployed and "$" not in deployed and name not in deployed:
            by_hand = f"deploy it by hand, or add it to the pipelines: {change}"
            print(Fault(str(file), f'name = "{name}"', "no pipeline deploys it", fix=by_hand))
    faults = list(_without_file(texts, names, change))
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


def _pipelines(home: Path) -> Iterator[tuple[Path, Any]]:
    """Yield each pipeline of Azure DevOps and each workflow of GitHub, and what it says.

    One of a company's own may use more of the language than is read here: that is told.
    """
    for pattern in ("[!.]*.y*ml", "pipelines/[!.]*.y*ml", ".github/workflows/*.y*ml"):
        for file in sorted(filter(Path.is_file, home.glob(pattern))):
            workflow = file.parent.name == "workflows"
            if not workflow and not _STAGES.search(file.read_bytes()):
                continue
            try:
                yield file, read_yaml(file) if workflow else expand(file)
            except PipelineError as error:
                print(f"{file}: the environments in it were not compared with the files: {error}")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _texts(value)


def _found(pattern: re.Pattern[str], texts: list[str]) -> set[str]:
    """Return the names that the pattern finds; "$" where one is known only when it runs."""
    return {name or "$" for text in texts for name in pattern.findall(text)}


def _without_file(
    texts: Mapping[Path, list[str]], names: list[str], change: str
) -> Iterator[Fault]:
    named = {file: _found(_NAMED, said) | _found(_DEPLOYED, said) for file, said in texts.items()}
    for name in sorted({*chain(*named.values())} - {*names, "$"}):
        yield Fault(
            place=", ".join(str(file) for file in named if name in named[file]),
            key=name,
            problem=f'no file in environments/ says name = "{name}"',
            allowed=f"an environment of a file: {', '.join(names)}",
            fix=f"add environments/{name}.toml, or change the pipelines: {change}",
        )


if __name__ == "__main__":
    main()
