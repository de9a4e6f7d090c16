"""The stacks of an environment, in the order of their deployment."""

from typing import Literal, get_args

StackName = Literal["network", "data", "identity", "platform", "airflow"]
STACKS: tuple[StackName, ...] = get_args(StackName)
