"""What a seed may not say, alone and beside the environment files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conventions.faults import Fault
from environments.load import EnvironmentFileError, load_with_seed, read_seed
from tests.environment_files import DEV, PROD
from tests.seed.company import SEED, seeded

# old text, new text, key path, a part of the problem, a part of the fix
REFUSALS = {
    "misspelt key": (
        "[azure_devops]\norganization",
        "[azure_devops]\norganisation",
        'azure_devops.organisation = "https://dev.azure.com/contoso"',
        "unknown key",
        "write organization",
    ),
    "missing": (
        'location = "westeurope"\n',
        "",
        "location",
        "missing",
        "add location =",
    ),
    "address of another site": (
        "https://dev.azure.com/contoso",
        "https://contoso.visualstudio.com",
        'azure_devops.organization = "https://contoso.visualstudio.com"',
        "not of the required form",
        "https://dev.azure.com/contoso",
    ),
    "network too small": (
        'address_space = "10.60.0.0/24"',
        'address_space = "10.60.0.0/26"',
        'network.address_space = "10.60.0.0/26"',
        "of a size that does not fit",
        '"/24"',
    ),
    "one container for two": (
        'container_name = "tfstate-prod"',
        'container_name = "tfstate-dev"',
        "environments",
        "tfstate-dev is named twice",
        "rename one",
    ),
    "environment of the seed's name": (
        "[environments.prod]",
        "[environments.seed]",
        "environments",
        'an environment "seed"',
        "rename it",
    ),
    "connection that no pipeline uses": (
        "[connections.airflow-dev]",
        "[connections.airflow-qa]",
        "connections",
        "no pipeline signs in by airflow-qa",
        "correct its name",
    ),
    "nobody who deploys": (
        '[azure_devops]\norganization = "https://dev.azure.com/contoso"\n'
        'project = "data-platform"\n\n[github]\nrepository = "contoso/airflow-platform"\n',
        "",
        "github",
        "neither [azure_devops] nor [github]",
        "add the one where your pipelines run",
    ),
    "the path of a key": (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsHNpQmLmHkKc3sjRyM7HQV6vFZEBWmxLz1kK1aOrfW",
        "~/.ssh/id_ed25519.pub",
        'jump_host.ssh_public_key = "~/.ssh/id_ed25519.pub"',
        "not of the required form",
        'for example "ssh-ed25519 AAAAC3NzaC1lZDI1"',
    ),
    "private key": (
        "ssh-ed25519 AAAA",
        "-----BEGIN OPENSSH PRIVATE KEY-----AAAA",
        "jump_host.ssh_public_key = (hidden: it may be a secret)",
        "not of the required form",
        "renew it",
    ),
}


@pytest.fixture
def refuse(tmp_path: Path) -> Callable[..., tuple[Fault, ...]]:
    """Return the faults of seed.toml after replacing some of its text."""

    def faults(old: str, new: str) -> tuple[Fault, ...]:
        text = SEED.read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / "seed.toml"
        file.write_text(text.replace(old, new))
        with pytest.raises(EnvironmentFileError) as caught:
            read_seed(file)
        return caught.value.faults

    return faults


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_where_why_and_how_to_fix_it(
    refuse: Callable[..., tuple[Fault, ...]], name: str
) -> None:
    old, new, key, problem, fix = REFUSALS[name]

    found = [fault for fault in refuse(old, new) if fault.key == key]

    assert found
    assert problem in found[0].problem
    assert fix in found[0].fix


# text of dev's file, what stands in its place, the key, what the seed says
DIFFERENCES = {
    "tenant": (
        'tenant_id = "22222222-2222-4222-8222-222222222222"',
        'tenant_id = "22222222-2222-4222-8222-222222222223"',
        'tenant_id = "22222222-2222-4222-8222-222222222223"',
        'tenant_id = "22222222-2222-4222-8222-222222222222"',
    ),
    "subscription": (
        '\nsubscription_id = "11111111-1111-4111-8111-111111111111"',
        '\nsubscription_id = "11111111-1111-4111-8111-111111111119"',
        'subscription_id = "11111111-1111-4111-8111-111111111119"',
        "environments.dev.subscription_id",
    ),
    "account of the states": (
        'storage_account_name = "stairflowstate"',
        'storage_account_name = "stother"',
        'state.storage_account_name = "stother"',
        'state.storage_account_name = "stairflowstate"',
    ),
    "subscription of the states": (
        'subscription_id = "77777777-7777-4777-8777-777777777777"',
        'subscription_id = "77777777-7777-4777-8777-777777777778"',
        'state.subscription_id = "77777777-7777-4777-8777-777777777778"',
        'subscription_id = "77777777-7777-4777-8777-777777777777"',
    ),
    "container of the states": (
        'container_name = "tfstate-dev"',
        'container_name = "tfstate-other"',
        'state.container_name = "tfstate-other"',
        'environments.dev.container_name = "tfstate-dev"',
    ),
    "private endpoints": (
        'private_endpoints = "10.40.16.0/26"',
        'private_endpoints = "10.40.16.128/26"',
        'network.private_endpoints = "10.40.16.128/26"',
        'environments.dev.private_endpoints = "10.40.16.0/26"',
    ),
    "zone of registries": (
        "rg-airflow-seed-agents/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io",
        "rg-other/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io",
        "network.dns.registry",
        "is not the zone that",
    ),
    "network of the agents": (
        "virtualNetworks/vnet-airflow-seed",
        "virtualNetworks/vnet-other",
        "network.linked_networks",
        "the agents' network of",
    ),
    "peering": ("peered = true\n", "", "network.linked_networks", "nobody peers with it"),
    "links of the zones": (
        "links_given = true\n",
        "",
        "network.dns.links_given",
        "would not be linked",
    ),
    "addresses": (
        'address_space = "10.40.0.0/16"',
        'address_space = "10.32.0.0/11"',
        'network.address_space = "10.32.0.0/11"',
        "overlaps network.address_space = 10.60.0.0/24",
    ),
    "addresses of pods": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "10.60.0.0/16"',
        'network.pod_cidr = "10.60.0.0/16"',
        "pods would look for the agents in the cluster",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_file_that_contradicts_the_seed_is_named(tmp_path: Path, name: str) -> None:
    old, new, key, said = DIFFERENCES[name]
    file = tmp_path / "dev.toml"
    text = seeded(DEV)
    assert old in text
    file.write_text(text.replace(old, new))

    with pytest.raises(EnvironmentFileError) as caught:
        load_with_seed([file], SEED)

    (fault,) = [fault for fault in caught.value.faults if fault.key.startswith(key)]
    assert fault.place == str(file)
    assert said in fault.problem
    assert str(SEED) in fault.problem


def test_files_that_agree_are_read_together(tmp_path: Path) -> None:
    files = []
    for file in (DEV, PROD):
        files.append(tmp_path / file.name)
        files[-1].write_text(seeded(file))

    environments, seed = load_with_seed(files, SEED)

    assert [environment.name for environment in environments] == ["dev", "prod"]
    assert seed is not None
    assert "airflow-dev" not in seed.missing_connections
    assert "airflow-prod-review" in seed.missing_connections


def test_an_environment_that_the_seed_does_not_list_stands_on_its_own(tmp_path: Path) -> None:
    file = tmp_path / "qa.toml"
    file.write_text(DEV.read_text().replace('name = "dev"', 'name = "qa"'))

    environments, _ = load_with_seed([file], SEED)

    assert [environment.name for environment in environments] == ["qa"]


def test_an_environment_of_the_seed_s_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(DEV.read_text().replace('name = "dev"', 'name = "seed"'))

    with pytest.raises(EnvironmentFileError, match="is what the tools call"):
        load_with_seed([file], SEED)
