"""The data planes of storage accounts: firewalls, and nothing behind them."""

from azure_facts.hosts import storage_suffix

from loopback_azure.http_messages import Reply, Request, unknown
from loopback_azure.private_access import check_reachable
from loopback_azure.store import Store

_ACCOUNT = "Microsoft.Storage/storageAccounts"
SUFFIXES = tuple(map(storage_suffix, ("blob", "dfs", "file", "queue")))


class Storage:
    """Refuses callers that cannot reach an account; a well-made stack asks nothing else of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        account, service, *_ = request.host.split(".")
        with self._store.lock:
            check_reachable(account, service, _ACCOUNT, self._store)
        raise unknown(request)
