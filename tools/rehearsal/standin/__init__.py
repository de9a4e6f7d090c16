"""Stand-in providers: azurerm, azuread, helm and kubernetes without Azure or a cluster.

The only package that knows that a provider is a stand-in. Both functions yield environment
variables for terraform; `cloud` is the folder that plays Azure, one JSON file a resource.
"""

from tools.rehearsal.standin.mirroring import mirror
from tools.rehearsal.standin.reattach import in_process

__all__ = ["in_process", "mirror"]
