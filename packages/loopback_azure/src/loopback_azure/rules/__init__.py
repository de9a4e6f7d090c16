"""What Azure alone decides, a module for each of its fields: computed values, checks, actions."""

from loopback_azure.rules import (
    containers,
    identity,
    key_vaults,
    monitor,
    postgres,
    storage,
    virtual_networks,
)
from loopback_azure.rules.actions import action_of
from loopback_azure.rules.checks import check_delete, check_references
from loopback_azure.rules.key_vaults import bury
from loopback_azure.rules.virtual_networks import drop_interface

__all__ = [
    "action_of",
    "bury",
    "check_delete",
    "check_references",
    "containers",
    "drop_interface",
    "identity",
    "key_vaults",
    "monitor",
    "postgres",
    "storage",
    "virtual_networks",
]
