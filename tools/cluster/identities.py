"""Entra's token endpoint, for workload identities alone: it trusts only what was deployed.

It takes a service account's token for an identity only if a federated credential of that identity
names the token's issuer, subject and audience letter by letter ("Workload identity federation",
Microsoft Entra). Tokens are valid for an hour. An identity has one token for a scope at a time, so
that the database can take it as a password.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback_azure.http_messages import RefusedError, Reply, Request, unknown

from tools.cluster.deployment import Deployment

HOST = "login.microsoftonline.com"
LIFETIME_SECONDS = 3600
RENEW_SECONDS = 600
KEY = "rehearsal"
DATABASE = "https://ossrdbms-aad.database.windows.net"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A user-assigned identity or an application, and the tokens that it trusts."""

    name: str
    client_id: str
    principal_id: str
    trusts: frozenset[tuple[str, str, str]]
    """Issuer, subject and audience of each of its federated credentials."""


def identities_of(deployment: Deployment) -> list[Identity]:
    """Return the identities of a deployment with their federated credentials."""
    credentials = deployment.of_type("azurerm_federated_identity_credential")

    def trusts(identity: str) -> Iterable[tuple[str, str, str]]:
        for each in credentials:
            parent = each.get("user_assigned_identity_id") or each.get("parent_id")
            if parent == identity:
                for audience in each["audience"]:
                    yield each["issuer"], each["subject"], audience

    return [
        Identity(
            name=each["name"],
            client_id=each["client_id"],
            principal_id=each["principal_id"],
            trusts=frozenset(trusts(each["id"])),
        )
        for each in deployment.of_type("azurerm_user_assigned_identity")
    ]


@dataclass
class TokenEndpoint:
    """Issues tokens; `issued` is called with each before its client gets it."""

    identities: list[Identity]
    accounts_keys: Mapping[str, Any]
    """The keys by which the cluster signs the tokens of its service accounts, as it publishes them
    (a JSON Web Key Set)."""
    issued: Callable[[Identity, str, str], None] = lambda identity, scope, token: None
    refusals: list[str] = field(default_factory=list)
    _key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    _tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        """Answer Entra's sign-in endpoints."""
        match request.path.strip("/").split("/"):
            case [tenant, "oauth2", "v2.0", "token"] if request.method == "POST":
                form = {name: given[0] for name, given in parse_qs(request.body.decode()).items()}
                return Reply(document=self.token(tenant, form))
            case [tenant, "v2.0", ".well-known", "openid-configuration"]:
                return Reply(document=_configuration(tenant))
            case ["common", "discovery", "instance"]:
                return Reply(document=_discovery(request.query.get("authorization_endpoint", "")))
        raise unknown(request)

    def token(self, tenant: str, form: dict[str, str]) -> dict[str, object]:
        """Return the answer to a request for a token: `access_token`, and `expires_in` in seconds.

        Raises:
            RefusedError: no identity of that client trusts the assertion, in Entra's words.
        """
        if form.get("client_assertion_type") != _BEARER:
            raise self._refused("AADSTS7000216: client_assertion is required")
        identity = self.identity(form.get("client_id", ""), form.get("client_assertion", ""))
        scope = form.get("scope", "").split()[0].removesuffix("/.default")
        with self._lock:
            until, token = self._tokens.get((identity.name, scope), (0.0, ""))
            if until < time.time() + RENEW_SECONDS:
                until, token = time.time() + LIFETIME_SECONDS, self._sign(identity, tenant, scope)
                self._tokens[identity.name, scope] = until, token
            # each time: a role of the database may have been made since
            self.issued(identity, scope, token)
        seconds = int(until - time.time())
        return {"token_type": "Bearer", "expires_in": seconds, "access_token": token}

    def person(self, scope: str) -> str:
        """Return a token of a client that signs in by other means, such as a team's pipeline."""
        nobody = Identity(name="", client_id="", principal_id="a-pipeline", trusts=frozenset())
        return self._sign(nobody, "tenant", scope)

    def reads(self, token: str, audience: str) -> str:
        """Return the object id of the principal that one of our tokens names.

        Raises:
            RefusedError: it is not one of our tokens, has expired, or is for another audience.
        """
        try:
            claims = jwt.decode(
                token, self._key.public_key(), algorithms=["RS256"], audience=audience
            )
        except jwt.InvalidTokenError as error:
            raise RefusedError(401, "Unauthorized", str(error)) from None
        return str(claims["oid"])

    def identity(self, client_id: str, assertion: str) -> Identity:
        """Return the identity of a client that trusts a service account's token.

        Raises:
            RefusedError: none does, in Entra's words.
        """
        known = [each for each in self.identities if each.client_id == client_id]
        if not known:
            raise self._refused(f"AADSTS700016: no application {client_id!r} in the directory")
        try:
            name = jwt.get_unverified_header(assertion)["kid"]
            claims = jwt.decode(
                assertion,
                jwt.PyJWKSet.from_dict(dict(self.accounts_keys))[name],
                algorithms=["RS256"],
                options={"verify_aud": False},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise self._refused(f"AADSTS700027: the assertion is not valid: {error}") from None
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        shown = {(claims["iss"], claims["sub"], audience) for audience in audiences}
        if not shown & known[0].trusts:
            raise self._refused(
                "AADSTS700213: no matching federated identity record found for the assertion "
                f"{sorted(shown)} of {known[0].name}, which trusts {sorted(known[0].trusts)}"
            )
        return known[0]

    def keys(self) -> dict[str, Any]:
        """Return the key by which tokens can be checked (a JSON Web Key Set)."""
        published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [published | {"kid": KEY, "use": "sig"}]}

    def signed(self, claims: Mapping[str, Any]) -> str:
        """Return a token with these claims."""
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers={"kid": KEY})

    def _sign(self, identity: Identity, tenant: str, scope: str) -> str:
        now = int(time.time())
        claims = {
            "aud": scope,
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": now,
            "nbf": now - 60,
            "exp": now + LIFETIME_SECONDS,
            "tid": tenant,
            "oid": identity.principal_id,
            "sub": identity.principal_id,
            "appid": identity.client_id,
            "idtyp": "app",
        }
        return self.signed(claims)

    def _refused(self, message: str) -> "_SignInError":
        self.refusals.append(message)
        return _SignInError(message)


class _SignInError(RefusedError):
    """A refusal in the form of OAuth."""

    def __init__(self, message: str) -> None:
        super().__init__(401, "invalid_client", message)

    @property
    def reply(self) -> Reply:
        """The refusal as a reply."""
        document = {"error": self.code, "error_description": str(self)}
        return Reply(status=self.status, document=document)


def _configuration(tenant: str) -> dict[str, str]:
    base = f"https://{HOST}/{tenant}"
    return {
        "issuer": f"{base}/v2.0",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
    }


def _discovery(endpoint: str) -> dict[str, object]:
    aliases = {"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}
    tenant = endpoint.split("/")[3] if endpoint.count("/") > 2 else "common"
    return {
        "tenant_discovery_endpoint": f"https://{HOST}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [aliases],
    }
