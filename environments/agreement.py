"""What `seed.toml` and an environment file both say, and must say alike."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conventions.faults import Fault
from conventions.stack_names import SEED
from environments.across import Read
from environments.model import Environment
from environments.seed import Seed


class _Fact(NamedTuple):
    """A key of the environment file with its value, and the seed's key with what it says."""

    key: str
    value: object
    seed_key: str
    seed_value: object


def faults_between(seed: Seed, file: Path, environments: list[Read]) -> Iterator[Fault]:
    """Tell where a file contradicts the seed; an environment that it does not list is its own."""
    for read in environments:
        if read.environment.name == SEED:
            yield Fault(
                str(read.file),
                f'name = "{SEED}"',
                f"is what the tools call {file}",
                "any other name",
                "rename the environment",
            )
        if read.environment.name in seed.environments:
            yield from _different(seed, file, read)
            yield from _network(seed, file, read)
            yield from _zones(seed, file, read)


def _different(seed: Seed, file: Path, read: Read) -> Iterator[Fault]:
    for fact in _facts(seed, read.environment):
        if fact.value != fact.seed_value:
            yield Fault(
                str(read.file),
                f"{fact.key} = {_said(fact.value)}",
                f"{file} says {fact.seed_key} = {_said(fact.seed_value)}",
                "the same in both files",
                "correct the one that is wrong; what the seed has made already stands in "
                f"{file.name}",
            )


def _facts(seed: Seed, env: Environment) -> Iterator[_Fact]:
    own, table = seed.environments[env.name], f"environments.{env.name}"
    yield _Fact("workload", env.workload, "workload", seed.workload)
    yield _Fact("tenant_id", env.tenant_id, "tenant_id", seed.tenant_id)
    yield _Fact(
        "subscription_id", env.subscription_id, f"{table}.subscription_id", own.subscription_id
    )
    state, theirs = env.state, seed.state
    yield _Fact(
        "state.resource_group_name",
        state.resource_group_name,
        "state.resource_group_name",
        theirs.resource_group_name,
    )
    yield _Fact(
        "state.storage_account_name",
        state.storage_account_name,
        "state.storage_account_name",
        theirs.storage_account_name,
    )
    yield _Fact(
        "state.container_name", state.container_name, f"{table}.container_name", own.container_name
    )
    yield _Fact(
        "state.subscription_id",
        state.subscription_id or env.subscription_id,
        "subscription_id",
        seed.subscription_id,
    )
    yield _Fact(
        "network.private_endpoints",
        env.network.private_endpoints,
        f"{table}.private_endpoints",
        own.private_endpoints,
    )
    yield _Fact(
        "single_sign_on.application_id: an application of its own",
        env.single_sign_on.application_id is None,
        f"{table}.own_application",
        own.own_application,
    )


def _network(seed: Seed, file: Path, read: Read) -> Iterator[Fault]:
    network = read.environment.network
    linked = {one.id.casefold(): one for one in network.linked_networks}
    agents = linked.get(seed.network_id.casefold())
    entry = f'[[network.linked_networks]] with name = "agents", id = "{seed.network_id}"'
    if agents is None:
        yield Fault(
            str(read.file),
            "network.linked_networks",
            f"the agents' network of {file} is not among them: no agent would find the "
            "environment's private names",
            "the network that the seed makes, beside any others",
            f"add {entry}" + ("" if network.given else ", peered = true"),
        )
    elif not agents.peered and not network.given:
        yield Fault(
            str(read.file),
            "network.linked_networks",
            f"{agents.name} is the agents' network of {file}, and nobody peers with it",
            "peered = true there",
            f"write peered = true beside name = {agents.name}",
        )
    no_answer = "pods would look for the agents in the cluster, and not answer them"
    for key, consequence in {
        "address_space": "Azure peers no networks that share an address",
        "pod_cidr": no_answer,
        "service_cidr": no_answer,
    }.items():
        if getattr(network, key).overlaps(seed.network.address_space):
            yield Fault(
                str(read.file),
                f"network.{key} = {_said(getattr(network, key))}",
                f"overlaps network.address_space = {seed.network.address_space} of {file}, and "
                f"{consequence}",
                "ranges that share no address",
                "move the one of which nothing is deployed yet",
            )


def _zones(seed: Seed, file: Path, read: Read) -> Iterator[Fault]:
    env = read.environment
    dns = env.network.dns
    if dns.policy_writes_records:
        return
    for role, zone in seed.zone_ids.items():
        given = dns.given.get(role)
        if role == "registry" and env.registry.given_id:
            continue
        if given is None or given.casefold() != zone.casefold():
            yield Fault(
                str(read.file),
                f"network.dns.{role}" + (f" = {_said(given)}" if given else ""),
                f"is not the zone that {file} makes and links with the agents' network, which "
                "takes one zone of a name",
                zone,
                f'set {role} = "{zone}" in [network.dns]',
            )
    if dns.given and not dns.links_given and not env.network.given:
        yield Fault(
            str(read.file),
            "network.dns.links_given",
            f"the zones of {file} would not be linked with this environment's network",
            "true, where the seed makes the zones",
            "set links_given = true in [network.dns]",
        )


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'
