"""Servers of PostgreSQL that refuse a change so soon after the last one."""

import time

from loopback_azure.http_messages import RefusedError, Request
from loopback_azure.resource_path import ResourcePath

_SERVER = "microsoft.dbforpostgresql/flexibleservers"


class BusyServers:
    """Refuses changes below a server for some seconds after it was changed itself."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._changed: dict[str, float] = {}

    def check(self, request: Request, address: ResourcePath) -> None:
        """Note a change of a server, and refuse what comes too soon.

        Raises:
            RefusedError: as Azure says it (Azure/azure-postgresql#134, and
                hashicorp/terraform-provider-azurerm#28298, which does not try again).
        """
        own = address.type.lower()
        if not self._seconds or request.method == "GET" or not own.startswith(_SERVER):
            return
        if own == _SERVER:
            self._changed[address.path.lower()] = time.monotonic()
            return
        changed = self._changed.get(address.parent.lower())
        if changed is not None and time.monotonic() - changed < self._seconds:
            server = address.parent.rsplit("/", 1)[1]
            raise RefusedError(
                409,
                "ServerIsBusy",
                f"Cannot complete operation while server '{server}' is busy processing another "
                "operation. Try again later.",
            )
