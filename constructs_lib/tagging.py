"""Tags on every Azure resource, in one place."""

from collections.abc import Mapping

from cdktf import TerraformResource
from constructs import Construct

AZURE = "_provider_azurerm."  # in the name of its package with cdktf and with cdktn


def tag_azure_resources(scope: Construct, tags: Mapping[str, str]) -> None:
    """Give every azurerm resource below `scope` that can bear tags the same ones.

    Only azurerm: the tags of azuread are a list of another meaning. An aspect would do the same
    with a call from Node into Python for every node of the tree.
    """
    for node in scope.node.find_all():
        taggable = isinstance(node, TerraformResource) and hasattr(type(node), "tags_input")
        if taggable and AZURE in type(node).__module__:
            node.tags = tags  # type: ignore[attr-defined]  # checked by hasattr above
