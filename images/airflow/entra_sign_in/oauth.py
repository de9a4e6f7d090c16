"""The OAuth client of the Entra application, as authlib takes it."""

from collections.abc import Callable
from typing import Any

from authlib.common.urls import add_params_to_qs

from entra_sign_in.refusal import Refusal, SignInRefusedError
from entra_sign_in.settings import Settings

PROVIDER = "azure"  # part of the redirect URI that the application registers
CLOCK_SKEW_SECONDS = 60
TIMEOUT_SECONDS = 10
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

ClientAuth = Callable[[Any, str, str, Any, Any], tuple[str, Any, Any]]


def remote_app(settings: Settings) -> dict[str, Any]:
    """Return the `remote_app` of FAB's provider entry.

    Authorization code flow with PKCE (S256), state and nonce. The endpoints are those of one
    tenant ("OAuth 2.0 authorization code flow", Microsoft identity platform), so nothing is
    discovered at run time and no other issuer or key can come in.
    """
    base = f"{settings.authority}/{settings.tenant_id}"
    return {
        "client_id": settings.client_id,
        "api_base_url": f"{base}/oauth2/v2.0/",
        "authorize_url": f"{base}/oauth2/v2.0/authorize",
        "access_token_url": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
        "client_auth_methods": [("entra", proof_of_client(settings))],
        "client_kwargs": {
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "entra",
            "default_timeout": TIMEOUT_SECONDS,
        },
    }


def accepted_claims(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what every ID token must say, besides the time, signature and nonce checks."""
    return {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "tid": {"essential": True, "value": settings.tenant_id},
        "oid": {"essential": True},
    }


def proof_of_client(settings: Settings) -> ClientAuth:
    """Return how the token request proves who sends it: by an assertion or by a secret.

    Either file is read again for each request: Kubernetes rotates the service account's token
    about hourly, and the Secrets Store CSI driver replaces a rotated secret.
    """

    def prove(client: Any, method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
        fields = [("client_id", settings.client_id), *_credential(settings)]
        return uri, headers, add_params_to_qs(body or "", fields)

    return prove


def _credential(settings: Settings) -> list[tuple[str, str]]:
    file = settings.client_secret_file or settings.federated_token_file
    if file is None:
        raise SignInRefusedError(Refusal.MISCONFIGURED, "there is no credential file")
    try:
        value = file.read_text().strip()
    except OSError as error:
        raise SignInRefusedError(Refusal.MISCONFIGURED, f"cannot read {file}: {error}") from error
    if not value:
        raise SignInRefusedError(Refusal.MISCONFIGURED, f"{file} is empty")
    if settings.client_secret_file:
        return [("client_secret", value)]
    return [("client_assertion_type", JWT_BEARER), ("client_assertion", value)]
