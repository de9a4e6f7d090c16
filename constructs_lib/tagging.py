"""Tags on every Azure resource, in one place."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice

from cdktf import TerraformResource, TerraformResourceLifecycle
from constructs import Construct

from constructs_lib.beyond_bindings import AzureResource

POOL = "default_node_pool_input"
# Azure DNS drops other names without a word, and each plan would add them again
# (learn.microsoft.com: "Use tags to organize your Azure resources", "Limitations")
OF_DNS = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
# Secrets and keys of a vault, and what is in DNS, take 15 at most; every other type takes 50
# (the same page; "About Azure Key Vault secrets")
FEW = 15
AZURE = "_provider_azurerm."  # in the name of its package with cdktf and with cdktn


def tag_azure_resources(
    scope: Construct, tags: Mapping[str, str], *, ignored: Sequence[str] = ()
) -> None:
    """Give every azurerm resource below `scope` that can have tags the same ones.

    A plan leaves the `ignored` ones alone, whatever a policy writes there. A system pool has tags
    of its own within its cluster. DNS has only the tags that Azure keeps; DNS, secrets and keys
    have the first 15, ours before a company's.

    Only azurerm: the tags of azuread are a list of another meaning. An aspect would do the same
    with a call from Node into Python for every node of the tree.
    """
    for node in scope.node.find_all():
        taggable = isinstance(node, TerraformResource) and hasattr(type(node), "tags_input")
        ours = isinstance(node, AzureResource) or AZURE in type(node).__module__
        if taggable and ours:
            node.tags = _of(type(node).__module__, tags)  # type: ignore[attr-defined]  # checked by hasattr above
            if ignored and isinstance(node, TerraformResource):
                _ignore(node, ignored)


def _of(module: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a resource may have, by the module of its class."""
    if "dns_" in module:
        tags = {name: value for name, value in tags.items() if OF_DNS.fullmatch(name)}
    few = "dns_" in module or "key_vault_" in module
    return dict(islice(tags.items(), FEW if few else None))


def _ignore(resource: TerraformResource, names: Sequence[str]) -> None:
    places = ["tags", *(["default_node_pool[0].tags"] if hasattr(resource, POOL) else [])]
    given = resource.lifecycle or TerraformResourceLifecycle()
    resource.lifecycle = TerraformResourceLifecycle(
        prevent_destroy=given.prevent_destroy,
        create_before_destroy=given.create_before_destroy,
        replace_triggered_by=given.replace_triggered_by,
        precondition=given.precondition,
        postcondition=given.postcondition,
        ignore_changes=[
            *(given.ignore_changes or []),
            *(f"{place}[{json.dumps(name)}]" for place in places for name in names),
        ],
    )
