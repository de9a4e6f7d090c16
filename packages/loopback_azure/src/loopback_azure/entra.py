"""Entra ID's sign-in: OpenID configuration, and tokens that carry the claims providers read."""

import base64
import json
import uuid
from urllib.parse import parse_qs

from loopback_azure.http_messages import Document, RefusedError, Reply, Request, unknown

HOST = "login.microsoftonline.com"
CLIENT = str(uuid.uuid5(uuid.NAMESPACE_URL, "loopback/client"))
OBJECT = str(uuid.uuid5(uuid.NAMESPACE_URL, "loopback/service-principal"))
LIFETIME_SECONDS = 86_400


def entra(request: Request) -> Reply:
    """Answer the sign-in endpoints of any tenant."""
    match request.path.strip("/").split("/"):
        case [tenant, "oauth2", "v2.0", "token"] if request.method == "POST":
            return Reply(document=_token(tenant, request.body.decode()))
        case [tenant, "v2.0", ".well-known", "openid-configuration"]:
            return Reply(document=_configuration(tenant))
    raise unknown(request)


def _token(tenant: str, form: str) -> Document:
    asked = {name: values[0] for name, values in parse_qs(form).items()}
    if asked.get("client_id") != CLIENT or asked.get("grant_type") != "client_credentials":
        raise RefusedError(
            401, "unauthorized_client", f"only the loopback's own client signs in: {CLIENT}"
        )
    claims = {
        "aud": asked.get("scope", "").removesuffix("/.default"),
        "iss": f"https://sts.windows.net/{tenant}/",
        "tid": tenant,
        "oid": OBJECT,
        "sub": OBJECT,
        "appid": CLIENT,
        "idtyp": "app",
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    token = ".".join([*(_encoded(part) for part in parts), "loopback"])
    return {"token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "access_token": token}


def _configuration(tenant: str) -> Document:
    base = f"https://{HOST}/{tenant}"
    return {
        "issuer": f"{base}/v2.0",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
    }


def _encoded(part: Document) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
