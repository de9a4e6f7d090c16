"""What to do after the seed: values to copy, and steps that only a person can take."""

from collections.abc import Iterator, Mapping
from typing import Any

from conventions import company
from conventions.faults import Fault, FaultError
from conventions.pipeline_identities import KINDS, SHARED, connection_of, shared_connection
from environments.seed import Seed


class NoSeedError(FaultError):
    """The company has no seed."""


def no_seed() -> NoSeedError:
    """Return the error of a company without a seed."""
    fault = Fault(
        place=str(company.home() / company.SEED_FILE),
        problem="there is no such file",
        allowed="a seed: docs/reference/seed.md",
        fix="write one, as docs/how-to/bootstrap.md shows; where another team makes accounts, "
        "networks and identities, none is needed: docs/how-to/use-a-landing-zone.md",
    )
    return NoSeedError([fault])


def told_after(seed: Seed, outputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines: what to copy into the environment files, and what is left for a person."""
    for name in seed.environments:
        deployer = outputs.get(f"{name}_deployer_object_id")
        if deployer:
            yield f'environments/{name}.toml: deployer_object_id = "{deployer}"'
    pushing = [outputs.get(f"{kind}_object_id") for kind in ("build", "sign")]
    if all(pushing):
        first = next(iter(seed.environments))
        listed = ", ".join(f'"{one}"' for one in pushing)
        yield f"environments/{first}.toml, [registry]: push_object_ids = [{listed}]"
    if images := outputs.get("images_object_id"):
        yield f'each environment file, [registry]: pull_object_ids = ["{images}"]'
    if group := outputs.get("on_call_action_group_id"):
        yield f'each environment file, [monitoring]: alert_action_groups = ["{group}"]'
    clients = {
        **{
            connection_of(kind, name): outputs.get(f"{name}_{kind}_client_id")
            for name in seed.environments
            for kind in KINDS
        },
        **{shared_connection(kind): outputs.get(f"{kind}_client_id") for kind in SHARED},
    }
    for name in seed.missing_connections:
        yield (
            f"missing in seed.toml: [connections.{name}]: open the form of the service connection "
            f"with client id {clients.get(name) or '(known after the first run)'}, and copy its "
            "issuer and subject"
        )
    for name, environment in seed.environments.items():
        if environment.own_application and not environment.consent:
            yield (
                f"later: [environments.{name}] consent = true, once its stack `identity` is "
                "deployed; until then nobody can sign in to Airflow (AADSTS65001)"
            )
    if seed.missing_connections:
        yield "then: make seed"
