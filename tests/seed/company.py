"""A company with a seed: the tests' environments, as they stand on the tests' seed."""

import tomllib
from pathlib import Path
from typing import Any

from environments.load import read_seed
from environments.seed import Seed
from tests.environment_files import DEV, FILES

SEED = Path(__file__).with_name("seed.toml")
STATE = '[state]\nresource_group_name = "rg-airflow-state"\n'


def seed() -> Seed:
    """Return the tests' seed."""
    return read_seed(SEED)


def seeded(file: Path) -> str:
    """Return an environment file that says the same as the seed."""
    own = seed()
    text = file.read_text(encoding="utf-8")
    values = tomllib.loads(text)
    (linked,) = values["network"]["linked_networks"]
    zones = "".join(f'{role} = "{zone}"\n' for role, zone in own.zone_ids.items())
    for old, new in (
        (f'name = "{linked["name"]}"', 'name = "agents"\npeered = true'),
        (linked["id"], own.network_id),
        (values["state"]["storage_account_name"], own.state.storage_account_name),
        (STATE, f'{STATE}subscription_id = "{own.subscription_id}"\n'),
        ("[storage]", f"[network.dns]\nlinks_given = true\n{zones}\n[storage]"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def seeded_values() -> dict[str, Any]:
    """Return what such a file of dev says, free to change."""
    return tomllib.loads(seeded(DEV))


def company(folder: Path) -> Path:
    """Write a company's repository with the seed and both environments."""
    (folder / "environments").mkdir(parents=True)
    for file in FILES:
        (folder / "environments" / file.name).write_text(seeded(file), encoding="utf-8")
    (folder / "seed.toml").write_text(SEED.read_text(encoding="utf-8"), encoding="utf-8")
    return folder
