"""Tags on every Azure resource, in one place."""

import jsii
from cdktf import IAspect, TerraformResource
from constructs import IConstruct

AZURE = "cdktf_cdktf_provider_azurerm."


@jsii.implements(IAspect)
class Tagging:
    """Gives every azurerm resource that can bear tags the same ones.

    Only azurerm: the tags of azuread are a list of another meaning.
    """

    def __init__(self, tags: dict[str, str]) -> None:
        self._tags = tags

    def visit(self, node: IConstruct) -> None:
        """Tag `node` if it is an Azure resource with tags."""
        taggable = isinstance(node, TerraformResource) and hasattr(type(node), "tags_input")
        if taggable and type(node).__module__.startswith(AZURE):
            node.tags = self._tags  # type: ignore[attr-defined]  # checked by hasattr above
