"""What environment files may not say together: each alone is good, and Azure refuses the second."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

from conventions.faults import Fault
from environments.landing_zone import SUBNETS, GivenNetwork
from environments.model import Environment


class Read(NamedTuple):
    """An environment and the file that it comes from."""

    file: Path
    environment: Environment


def faults_across(environments: Sequence[Read]) -> Iterator[Fault]:
    """Tell what two environments may not share, each pair once."""
    for first, second in combinations(environments, 2):
        for check in _CHECKS:
            yield from check(first, second)


def _names(first: Read, second: Read) -> Iterator[Fault]:
    name = second.environment.name
    if first.environment.name == name:
        yield Fault(
            str(second.file),
            f'name = "{name}"',
            f"also the name in {first.file}",
            "a name of its own for each environment",
            "change one of the two",
        )


def _hosts(first: Read, second: Read) -> Iterator[Fault]:
    host = second.environment.ingress.host
    if first.environment.ingress.host == host:
        yield Fault(
            str(second.file),
            f'ingress.host = "{host}"',
            f"also the host in {first.file}: one name leads to one of the two",
            "a host of its own for each environment",
            "change one of the two",
        )


def _states(first: Read, second: Read) -> Iterator[Fault]:
    one, other = first.environment.state, second.environment.state
    same = (one.storage_account_name, one.container_name) == (
        other.storage_account_name,
        other.container_name,
    )
    if same:
        # a copy keeps the container of what it was copied from, whose name that often is
        own = other.container_name == f"tfstate-{second.environment.name}"
        copy = first if own else second
        yield Fault(
            str(second.file),
            f'state.container_name = "{other.container_name}"',
            f"also the container in {first.file}: who deploys one environment could write the "
            "state of the other",
            "a container of its own for each environment",
            f'make a container, and set for example "tfstate-{copy.environment.name}" in '
            f"{copy.file}",
        )


def _vaults(first: Read, second: Read) -> Iterator[Fault]:
    one, other = (read.environment.key_vault.given_id for read in (first, second))
    if one and other and one.casefold() == other.casefold():
        yield Fault(
            str(second.file),
            f'key_vault.given_id = "{other}"',
            f"also the vault in {first.file}, and both write secrets and keys of the same names",
            "a vault of its own for each environment",
            "give another vault to one of the two",
        )


def _zones(first: Read, second: Read) -> Iterator[Fault]:
    """Azure: "A virtual network cannot be linked to multiple zones with overlapping namespaces".

    The zones of the database and of the API server hold the environment's name: no two are alike.
    """
    ours = first.environment.endpoint_zones
    twice = [name for role, name in second.environment.endpoint_zones.items() if role in ours]
    taken = {id_.casefold() for id_ in _linked(first.environment).values()}
    for key, id_ in _linked(second.environment).items():
        if twice and id_.casefold() in taken:
            yield Fault(
                str(second.file),
                key,
                f"{id_.rsplit('/', 1)[1]} is also linked in {first.file}, with zones of the "
                f"same names ({', '.join(twice)}), and Azure links a network with one zone of a "
                "name",
                "zones that the environments share, or a network of agents for each",
                "give the zones by id in [network.dns] of both files, or set "
                "network.dns.policy_writes_records = true (docs/how-to/use-a-landing-zone.md)",
            )


def _addresses(first: Read, second: Read) -> Iterator[Fault]:
    one, other = first.environment.network, second.environment.network
    if one.given and other.given and _same(one.given, other.given):
        yield from _subnets(first, second)
        return
    meeting = _neighbours(first.environment) & _neighbours(second.environment)
    if meeting and one.address_space.overlaps(other.address_space):
        yield Fault(
            str(second.file),
            f'network.address_space = "{other.address_space}"',
            f"overlaps {one.address_space} in {first.file}, and both meet in "
            f"{min(meeting).rsplit('/', 1)[1]}: Azure refuses the second peering",
            "ranges that share no address",
            "move one of the two before its network is made",
        )


def _subnets(first: Read, second: Read) -> Iterator[Fault]:
    """Two environments in one network of another team have subnets of their own."""
    one, other = first.environment.network, second.environment.network
    for name, theirs in product(SUBNETS, SUBNETS):
        if getattr(other, name).overlaps(getattr(one, theirs)):
            yield Fault(
                str(second.file),
                f'network.{name} = "{getattr(other, name)}"',
                f"overlaps {theirs} = {getattr(one, theirs)} in {first.file}, in the same network",
                "subnets that share no address",
                "give a subnet of its own to each environment",
            )


def _same(one: GivenNetwork, other: GivenNetwork) -> bool:
    return one.virtual_network_id.casefold() == other.virtual_network_id.casefold()


def _linked(environment: Environment) -> dict[str, str]:
    """Return each network that zones of ours are linked with, by the key that names it."""
    network = environment.network
    given = network.given
    return ({"network.given.virtual_network_id": given.virtual_network_id} if given else {}) | {
        f"network.linked_networks[{index}]": linked.id
        for index, linked in enumerate(network.linked_networks)
    }


def _neighbours(environment: Environment) -> set[str]:
    network = environment.network
    ids = {linked.id.casefold() for linked in network.linked_networks}
    return ids | ({network.hub.virtual_network_id.casefold()} if network.hub else set())


_CHECKS: tuple[Callable[[Read, Read], Iterator[Fault]], ...] = (
    _names,
    _hosts,
    _states,
    _vaults,
    _zones,
    _addresses,
)
