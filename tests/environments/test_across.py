"""What two environment files may not say together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conventions.faults import Fault
from environments.load import EnvironmentFileError, load
from tests import environment_files

DEV = environment_files.DEV.read_text()
ZONES = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-dns"
    "/providers/Microsoft.Network/privateDnsZones"
)
SHARED = f"""[network.dns]
blob = "{ZONES}/privatelink.blob.core.windows.net"
dfs = "{ZONES}/privatelink.dfs.core.windows.net"
key_vault = "{ZONES}/privatelink.vaultcore.azure.net"
registry = "{ZONES}/privatelink.azurecr.io"

[[network.linked_networks]]"""
LINKED = "[[network.linked_networks]]"
# a second environment beside dev: all that has to differ, and the network of the agents
TEST = {
    'name = "dev"': 'name = "test"',
    "10.40.": "10.41.",
    "tfstate-dev": "tfstate-test",
    "airflow.dev.example.com": "airflow.test.example.com",
    "dnsZones/dev.example.com": "dnsZones/test.example.com",
    "vnet-ci": "vnet-ci-test",
}
Second = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def second(tmp_path: Path) -> Second:
    """Return the faults of dev beside a second environment; `both` is replaced in each."""

    def faults(
        *same: str, changes: dict[str, str] | None = None, both: dict[str, str] | None = None
    ) -> tuple[Fault, ...]:
        for name, changed in (
            ("dev", both or {}),
            ("test", TEST | (both or {}) | (changes or {})),
        ):
            text = DEV
            for old, new in changed.items():
                if old not in same:
                    assert old in text, old
                    text = text.replace(old, new)
            (tmp_path / f"{name}.toml").write_text(text)
        try:
            load([tmp_path / "dev.toml", tmp_path / "test.toml"])
        except EnvironmentFileError as error:
            return error.faults
        return ()

    return faults


def test_environments_that_share_nothing_are_good_together(second: Second) -> None:
    assert second() == ()


def test_a_host_leads_to_one_environment(second: Second) -> None:
    (fault,) = second("airflow.dev.example.com", "dnsZones/dev.example.com")

    assert fault.key == 'ingress.host = "airflow.dev.example.com"'
    assert "dev.toml" in fault.problem


def test_a_container_holds_the_state_of_one_environment(second: Second) -> None:
    (fault,) = second("tfstate-dev")

    assert fault.key == 'state.container_name = "tfstate-dev"'
    assert '"tfstate-test" in ' in fault.fix
    assert fault.fix.endswith("test.toml")


def test_a_copy_that_kept_the_container_is_told_to_change_it(
    second: Second, tmp_path: Path
) -> None:
    second("tfstate-dev")

    with pytest.raises(EnvironmentFileError) as caught:
        load([tmp_path / "test.toml", tmp_path / "dev.toml"])

    (fault,) = caught.value.faults
    assert f'"tfstate-test" in {tmp_path / "test.toml"}' in fault.fix


def test_agents_networks_are_linked_with_one_zone_of_a_name(second: Second) -> None:
    (fault,) = second("vnet-ci")

    assert fault.key == "network.linked_networks[0]"
    assert "privatelink.azurecr.io" in fault.problem
    assert "policy_writes_records" in fault.fix


def test_environments_with_zones_given_share_the_agents_network(second: Second) -> None:
    assert second("vnet-ci", both={LINKED: SHARED}) == ()


def test_environments_whose_records_a_policy_writes_share_the_agents_network(
    second: Second,
) -> None:
    policy = f"[network.dns]\npolicy_writes_records = true\n\n{LINKED}"

    assert second("vnet-ci", both={LINKED: policy}) == ()


def test_one_environment_with_zones_of_its_own_is_good_beside_given_ones(second: Second) -> None:
    assert second("vnet-ci", changes={LINKED: SHARED}) == ()


def test_environments_that_meet_in_a_network_share_no_address(second: Second) -> None:
    (fault,) = second("vnet-ci", "10.40.", both={LINKED: SHARED})

    assert fault.key == 'network.address_space = "10.40.0.0/16"'
    assert "both meet in vnet-ci" in fault.problem


def test_environments_that_meet_nowhere_may_use_the_same_addresses(second: Second) -> None:
    assert second("10.40.") == ()


VNET = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net"
    "/providers/Microsoft.Network/virtualNetworks/vnet-spoke"
)
ROLES = ("aks_nodes", "aks_api_server", "postgres", "private_endpoints")
IDS = "\n".join(f'{role}_subnet_id = "{VNET}/subnets/{role}"' for role in ROLES)
NAT = VNET.replace("virtualNetworks/vnet-spoke", "natGateways/ng-spoke")
GIVEN = f"""[network.given]
virtual_network_id = "{VNET}"
nat_gateway_id = "{NAT}"
{IDS}

"""


def test_two_environments_in_one_given_network_have_subnets_of_their_own(second: Second) -> None:
    faults = second("10.40.", both={LINKED: GIVEN + SHARED}, changes={})

    assert 'network.aks_nodes = "10.40.0.0/20"' in {fault.key for fault in faults}


def test_a_given_network_is_linked_with_one_zone_of_a_name(second: Second) -> None:
    faults = second(both={LINKED: GIVEN + LINKED})

    assert [fault.key for fault in faults] == ["network.given.virtual_network_id"]


def test_environments_share_a_given_network_with_given_zones(second: Second) -> None:
    assert second("vnet-ci", both={LINKED: GIVEN + SHARED}) == ()


def test_two_environments_do_not_write_into_one_vault(second: Second) -> None:
    vault = (
        "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-keys"
        "/providers/Microsoft.KeyVault/vaults/kv-company"
    )
    both = {"[key_vault]": f'[key_vault]\ngiven_id = "{vault}"'}

    faults = second("vnet-other", both=both)

    assert [fault.key for fault in faults] == [f'key_vault.given_id = "{vault}"']


def test_registries_of_another_team_need_no_zone(second: Second) -> None:
    given = (
        "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-images"
        "/providers/Microsoft.ContainerRegistry/registries/crcompany"
    )
    zones = SHARED.replace(f'registry = "{ZONES}/privatelink.azurecr.io"\n', "")
    both = {"retention_days = 7\n\n[monitoring]": f'given_id = "{given}"\n\n[monitoring]'}

    assert second("vnet-ci", both={LINKED: zones} | both) == ()
