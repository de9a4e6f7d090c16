"""A token that `az account get-access-token` gave: for programs on a laptop or an agent."""

import time
from typing import Any

from azure.core.credentials import AccessToken


class GivenToken:
    """A credential whose token nobody renews; Azure refuses it when it is over."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Return the token, as if it lived for another hour."""
        return AccessToken(self._token, int(time.time()) + 3600)


def command(variable: str, resource: str) -> str:
    """Return the command that puts a token for a resource into a variable."""
    ask = f"az account get-access-token --resource {resource} --query accessToken --output tsv"
    return f'export {variable}="$({ask})"'
