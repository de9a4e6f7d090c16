"""Tells a patch that Azure has installed by itself from a change of the version.

A cluster is asked for a minor version, `1.36`. After the first automatic patch Azure answers
`1.36.4`, and Terraform plans to set `1.36` again, which Azure takes for the same
(hashicorp/terraform-provider-azurerm#26946): neither drift, nor a change.
"""

from terraform_runner.differences import AttributeChange
from terraform_runner.plan import Action, ResourceChange

_TYPES = frozenset({"azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool"})
_VERSIONS = frozenset({"kubernetes_version", "orchestrator_version"})


def is_installed_patch(change: ResourceChange) -> bool:
    """Whether the change does nothing but name the minor version of an installed patch."""
    return (
        change.type in _TYPES
        and change.action is Action.UPDATE
        and bool(change.attributes)
        and all(map(_names_the_minor, change.attributes))
    )


def _names_the_minor(attribute: AttributeChange) -> bool:
    return attribute.path.rpartition(".")[2] in _VERSIONS and str(attribute.before).startswith(
        f"{attribute.after}."
    )
