"""The commands of the how-to pages, and the programs that judge them."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_kubernetes import ProgramsMissingError, api_server, find
from local_kubernetes.programs import nearest

from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.operator.cluster import fill
from tests.operator.judges import HERE, Judge, at_a_server, az_answers, layer, offline
from tests.operator.shell import Call, run
from tests.operator.tables import PAGES
from tests.parts.skips import missing
from tools.locked_venv import InstallationError, locked_venv

Answers = Callable[[list[Call]], dict[Call, str]]


@pytest.fixture(scope="session")
def shell(
    a_program: None, tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, tuple[list[Call], str]]:
    """What the commands of each how-to page start, and what a shell complains of."""
    return {page: run(page, tmp_path_factory.mktemp("page")) for page in PAGES}


@pytest.fixture(scope="session")
def pages(shell: dict[Path, tuple[list[Call], str]]) -> dict[Path, list[Call]]:
    """What the commands of each how-to page start."""
    return {page: calls for page, (calls, _) in shell.items()}


@pytest.fixture(scope="session")
def of(pages: dict[Path, list[Call]]) -> Callable[[str], list[Call]]:
    """Return the calls of one program, each once, in pods too."""
    found = [call for calls in pages.values() for call in calls]
    found += [within for call in found if (within := call.within)]
    return lambda name: [
        call
        for call in {(call.words, call.whole): call for call in found}.values()
        if call.words[0] == name
    ]


@pytest.fixture(scope="session")
def az(a_program: None, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """azure-cli's own parser."""
    try:
        venv = locked_venv("az", HERE / "az.lock", sys.executable, compiled=False)
    except InstallationError as error:
        missing(f"azure-cli cannot be installed here: {error}")
    folder = tmp_path_factory.mktemp("az")
    return lambda calls: az_answers(venv / "bin/python", calls, folder)


@pytest.fixture(scope="session")
def clients(a_program: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with kubectl and helm."""
    try:
        return layer(tmp_path_factory.mktemp("clients"))
    except InstallationError as error:
        missing(f"kubectl cannot be installed here: {error}")


@pytest.fixture(scope="session")
def kubectl(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Real kubectl, at a real API server that holds the objects of dev with both executors."""
    folder = tmp_path_factory.mktemp("cluster")
    both = {"executors": ["KubernetesExecutor", "CeleryExecutor"]}
    given = tables(DEV)
    dev = Environment.model_validate(given | {"airflow": given["airflow"] | both})
    try:
        programs = find(nearest(dev.kubernetes.version))
    except ProgramsMissingError as error:
        missing(str(error))
    with api_server(programs) as server:
        fill(server, dev, INFRASTRUCTURE, folder)
        file = folder / "kubeconfig"
        file.write_text(json.dumps(server.kubeconfig(namespace="airflow")))
        yield at_a_server(clients / "kubectl", folder, file)


@pytest.fixture(scope="session")
def helm(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Real helm, without a cluster."""
    return offline(clients / "helm", tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def terraform_line(terraform: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Real Terraform, in an empty folder."""
    return offline(terraform, tmp_path_factory.mktemp("terraform"))
