"""Key Vault's stand-in: who may read which secret."""

import pytest
from loopback_azure.http_messages import RefusedError, Request

from tools.cluster.deployment import Deployment
from tools.cluster.identities import Identity, TokenEndpoint
from tools.cluster.vault import AUDIENCE, READS, GuardedVaults

VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"


def role(principal: str, scope: str, name: str = READS) -> dict[str, str]:
    return {"principal_id": principal, "role_definition_name": name, "scope": scope}


@pytest.fixture
def vaults() -> GuardedVaults:
    deployment = Deployment(
        {
            "azurerm_key_vault": [{"id": VAULT, "name": "kv"}],
            "azurerm_role_assignment": [
                role("one", f"{VAULT}/secrets/fernet"),
                role("all", VAULT),
                role("other", VAULT, "Key Vault Crypto Officer"),
            ],
        }
    )
    made = GuardedVaults(deployment, TokenEndpoint([], {}), "tenant")
    for name in ("fernet", "jwt"):
        made.put("kv", name, f"the value of {name}")
    return made


def read(vaults: GuardedVaults, principal: str, name: str) -> str:
    identity = Identity(name="", client_id="", principal_id=principal, trusts=frozenset())
    token = vaults.endpoint._sign(identity, "tenant", AUDIENCE)
    request = Request(
        method="GET",
        host="kv.vault.azure.net",
        path=f"/secrets/{name}",
        headers={"authorization": f"Bearer {token}"},
    )
    answer = vaults(request).document
    assert isinstance(answer, dict)
    return str(answer["value"])


@pytest.mark.parametrize(("principal", "name"), [("one", "fernet"), ("all", "jwt")])
def test_a_role_lets_read(vaults: GuardedVaults, principal: str, name: str) -> None:
    assert read(vaults, principal, name) == f"the value of {name}"


@pytest.mark.parametrize(("principal", "name"), [("one", "jwt"), ("other", "jwt"), ("no", "jwt")])
def test_without_the_role_nothing_is_read(vaults: GuardedVaults, principal: str, name: str) -> None:
    with pytest.raises(RefusedError, match="has no role"):
        read(vaults, principal, name)
