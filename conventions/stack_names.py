"""The stacks of an environment, in the order of their deployment."""

from typing import Final, Literal, get_args

StackName = Literal["network", "data", "identity", "platform", "airflow"]
STACKS: tuple[StackName, ...] = get_args(StackName)
SEED: Final = "seed"
"""The stack of no environment: what stands before the first of them (`seed.toml`)."""
