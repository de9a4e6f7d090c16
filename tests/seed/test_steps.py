"""The seed from nothing: made, moved into its own account, interrupted, made again.

The real Terraform and its azurerm backend on Azurite; stand-ins play azurerm and azuread.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from local_kubernetes.repeat import repeated
from loopback_azure.azurite import Azurite, azurite
from loopback_azure.proxy import blob_proxy
from standin_providers import in_process
from terraform_runner.binary import find_terraform
from terraform_runner.errors import RunError
from terraform_runner.offline import offline
from terraform_runner.terraform import Terraform

from synthesis.reader import Stack, Synthesis
from tests import ROOT
from tests.seed.company import seed
from tools.rehearsal.states import LocalStates
from tools.seed.answers import told_after
from tools.seed.states import Place, SeedStates
from tools.seed.steps import Seeding, StoppedError

ACCOUNT, CONTAINER = "stairflowstate", "tfstate-seed"


@dataclass
class Talking:
    """Answers every question in the same way, and keeps what was told and asked."""

    answer: bool = True
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def agreed(self, question: str, *, deletes: bool) -> bool:
        self.asked.append(question)
        return self.answer and not deletes


@dataclass(frozen=True)
class Azure:
    """A played Azure whose storage account answers once the stand-ins have made it."""

    cloud: Path
    terraform: Terraform
    stack: Stack
    server: Azurite

    def states(self, folder: Path, terraform: Terraform | None = None) -> SeedStates:
        return SeedStates(folder, self.stack, terraform or self.terraform)

    def seeding(self, folder: Path, talk: Talking, terraform: Terraform | None = None) -> Seeding:
        used = terraform or self.terraform
        return Seeding(
            states=self.states(folder, used),
            terraform=used,
            talk=talk,
            patience=30,
            sleep=_soon,
        )

    def blobs(self) -> list[str]:
        with self.server.client(ACCOUNT) as client:
            container = client.get_container_client(CONTAINER)
            return [blob.name for blob in container.list_blobs()] if container.exists() else []


def _soon(seconds: float) -> None:
    """Wait as long as it takes here to make a container, and not as long as Azure may take."""
    time.sleep(min(seconds, 0.2))


@contextmanager
def followed(cloud: Path, server: Azurite) -> Iterator[None]:
    """Make the container in Azurite when the stand-in has made it in Azure."""
    missing = [CONTAINER]

    def follow() -> None:
        made = [f.read_text() for f in cloud.glob("azurerm_storage_container/*.json")]
        if missing and any(f'"{CONTAINER}"' in text for text in made):
            server.make_container(ACCOUNT, missing.pop())

    with repeated(follow, seconds=0.1):
        yield


@contextmanager
def played(folder: Path, *stacks: Stack) -> Iterator[Azure]:
    """Play an Azure in which nothing stands yet, for the seed and what comes after it."""
    cloud = folder / "cloud"
    cloud.mkdir(parents=True)
    variables = offline(os.environ, folder)
    program = ROOT / "node_modules/.bin/azurite-blob"
    with (
        azurite(folder / "azurite", [ACCOUNT], variables, program) as server,
        blob_proxy(server.port) as proxy,
        in_process([stack.path for stack in stacks], cloud) as attached,
        followed(cloud, server),
    ):
        terraform = Terraform(
            binary=find_terraform(folder, variables),
            environment={
                **variables,
                **attached,
                "ARM_ACCESS_KEY": server.key,
                "SSL_CERT_FILE": str(server.authority),
                "HTTPS_PROXY": proxy,
                "HTTP_PROXY": proxy,
            },
        )
        yield Azure(cloud, terraform, stacks[0], server)


@pytest.fixture(scope="module")
def stack_of_seed(seeded: Path) -> Stack:
    return Synthesis.load(seeded).select("seed").stacks[0]


@pytest.fixture(scope="module")
def network(seeded: Path) -> Stack:
    return Synthesis.load(seeded).select("dev", "network").stacks[0]


@dataclass(frozen=True, kw_only=True)
class Killed(Terraform):
    """A Terraform that dies at the move, before it or after it."""

    after: bool

    def migrate(self, folder: Path) -> None:
        if self.after:
            super().migrate(folder)
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def azure(
    terraform: Path,
    stack_of_seed: Stack,
    network: Stack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Azure]:
    """One Azure, in which the tests below go on in their order."""
    with played(tmp_path_factory.mktemp("azure"), stack_of_seed, network) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work") / ".seed"


def killed(azure: Azure, *, after: bool) -> Terraform:
    given = azure.terraform
    return Killed(binary=given.binary, environment=given.environment, after=after)


def test_a_no_leaves_nothing_behind(azure: Azure, folder: Path) -> None:
    talk = Talking(answer=False)

    with pytest.raises(StoppedError, match="stopped: nothing of this step was made"):
        azure.seeding(folder, talk).run()

    assert list(azure.cloud.glob("azurerm_*/*")) == []
    assert any("Step 1 of 3: make the account of the states" in text for text in talk.told)


def test_a_run_that_dies_before_the_move_keeps_the_state_here(azure: Azure, folder: Path) -> None:
    talk = Talking()

    with pytest.raises(KeyboardInterrupt):
        azure.seeding(folder, talk, killed(azure, after=False)).run()

    assert azure.states(folder).find() is Place.LOCAL
    # only what the state needs was made, and that was told before it was asked
    assert {path.parent.name for path in azure.cloud.glob("azurerm_*/*")} == {
        "azurerm_resource_group",
        "azurerm_role_assignment",
        "azurerm_storage_account",
        "azurerm_storage_container",
    }
    assert len(talk.asked) == 1


def test_a_run_that_dies_after_the_move_has_the_state_in_both_places(
    azure: Azure, folder: Path
) -> None:
    talk = Talking()

    with pytest.raises(KeyboardInterrupt):
        azure.seeding(folder, talk, killed(azure, after=True)).run()

    assert azure.states(folder).find() is Place.DONE
    assert azure.blobs() == ["airflow/seed.tfstate"]
    assert talk.asked == []  # the account stood already


def test_the_next_run_goes_on_makes_the_rest_and_plans_empty(azure: Azure, folder: Path) -> None:
    talk = Talking()

    azure.seeding(folder, talk).run()

    assert talk.told[-1] == "Planning once more: nothing may be left to do."
    assert azure.states(folder).find() is Place.ACCOUNT
    assert list(folder.glob("terraform.tfstate*")) == []
    assert len(list(azure.cloud.glob("azurerm_managed_devops_pool/*"))) == 4


def test_it_can_be_made_again_from_another_machine(azure: Azure, tmp_path: Path) -> None:
    talk = Talking(answer=False)

    azure.seeding(tmp_path / ".seed", talk).run()

    assert talk.told[-1] == "Nothing is to be changed."
    assert talk.asked == []


def test_what_to_copy_and_what_is_missing_is_told(azure: Azure, folder: Path) -> None:
    outputs = azure.terraform.outputs(folder)

    told = list(told_after(seed(), outputs))

    assert f'environments/dev.toml: deployer_object_id = "{outputs["dev_deployer_object_id"]}"' in (
        told
    )
    missing = [text for text in told if text.startswith("missing in seed.toml")]
    assert len(missing) == 8  # of nine connections, one has its subject
    assert outputs["prod_plan_client_id"] in next(t for t in missing if "airflow-prod-plan" in t)
    assert told[-1] == "then: make seed"


def test_an_environment_is_deployed_on_what_the_seed_has_made(
    azure: Azure, network: Stack, tmp_path: Path
) -> None:
    document = LocalStates(tmp_path / "states").adapt(network.document)
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document))
    azure.terraform.init(tmp_path)
    azure.terraform.plan(tmp_path)

    azure.terraform.apply(tmp_path)

    assert azure.terraform.plan(tmp_path).empty
    peerings = [
        json.loads(file.read_text())
        for file in (azure.cloud / "azurerm_virtual_network_peering").glob("*.json")
    ]
    assert {one["virtual_network_name"] for one in peerings} == {
        "vnet-airflow-dev",
        "vnet-airflow-seed",
    }


def test_two_states_of_other_origins_are_left_alone(azure: Azure, tmp_path: Path) -> None:
    other = tmp_path / ".seed"
    other.mkdir()
    held = {"version": 4, "serial": 1, "lineage": "another", "resources": [{"type": "x"}]}
    (other / "terraform.tfstate").write_text(json.dumps(held))

    with pytest.raises(RunError, match="there are two states of the seed"):
        azure.seeding(other, Talking()).run()

    assert json.loads((other / "terraform.tfstate").read_text()) == held


def test_what_stands_already_is_taken_in_when_somebody_agrees(
    terraform: Path, stack_of_seed: Stack, tmp_path: Path
) -> None:
    with played(tmp_path / "azure", stack_of_seed) as azure:
        first = azure.seeding(tmp_path / "lost", Talking(), killed(azure, after=False))
        with pytest.raises(KeyboardInterrupt):
            first.run()
        talk = Talking()

        azure.seeding(tmp_path / "new", talk).run()

        assert any(question.startswith("Take it in as ") for question in talk.asked)
        assert azure.blobs() == ["airflow/seed.tfstate"]


def test_an_account_that_refuses_is_no_account_that_is_missing(
    terraform: Path, stack_of_seed: Stack, tmp_path: Path
) -> None:
    with played(tmp_path / "azure", stack_of_seed) as azure:
        azure.server.make_container(ACCOUNT, CONTAINER)
        wrong = {**azure.terraform.environment, "ARM_ACCESS_KEY": "bm90IHRoZSBrZXk="}
        stranger = replace(azure.terraform, environment=wrong)

        with pytest.raises(RunError, match="the account of the states does not answer"):
            azure.seeding(tmp_path / ".seed", Talking(), stranger).run()

        assert list(azure.cloud.glob("azurerm_*/*")) == []
