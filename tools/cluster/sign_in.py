"""A stand-in for Entra's sign-in of people, for the deployed application.

Nobody is asked for a password. It checks what an application may get wrong: the redirect URI and
the role names are registered, the code comes back with its verifier (PKCE), and the client proves
itself by a service account that its federated credential names.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from loopback_azure.http_messages import RefusedError, Reply, Request

from tools.cluster.deployment import Deployment
from tools.cluster.identities import HOST, Identity, TokenEndpoint


@dataclass
class SignIn:
    """Answers the sign-in's own requests, and hands all others to the token endpoint."""

    endpoint: TokenEndpoint
    application: Mapping[str, Any]
    role: str = ""
    """Of who signs in next; empty for none."""
    complaints: list[str] = field(default_factory=list)
    """What Entra would refuse."""
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, deployment: Deployment, endpoint: TokenEndpoint) -> "SignIn":
        """Return the sign-in of a deployment's application, and register its client."""
        application = deployment.one("azuread_application")
        trusts = frozenset(
            (each["issuer"], each["subject"], audience)
            for each in deployment.of_type("azuread_application_federated_identity_credential")
            for audience in each["audiences"]
        )
        client = Identity(
            name=application["display_name"],
            client_id=application["client_id"],
            principal_id=application["object_id"],
            trusts=trusts,
        )
        endpoint.identities.append(client)
        return cls(endpoint, application)

    def __call__(self, request: Request) -> Reply:
        """Answer a request of a browser or of Airflow."""
        match request.path.strip("/").split("/"):
            case [_, "oauth2", "v2.0", "authorize"]:
                return Reply(status=302, headers={"Location": self._authorize(request.query)})
            case [_, "discovery", "v2.0", "keys"]:
                return Reply(document=self.endpoint.keys())
            case [tenant, "oauth2", "v2.0", "token"]:
                form = {name: given[0] for name, given in parse_qs(request.body.decode()).items()}
                if form.get("grant_type") == "authorization_code":
                    return Reply(document=self._token(tenant, form))
        return self.endpoint(request)

    def _authorize(self, query: Mapping[str, str]) -> str:
        """Return where the browser goes next: back, with a code."""
        place = query["redirect_uri"]
        if place not in self.application["web"][0]["redirect_uris"]:
            self.complaints.append(f"AADSTS50011: the redirect URI {place} is not registered")
        if query.get("client_id") != self.application["client_id"]:
            self.complaints.append(f"AADSTS700016: no application {query.get('client_id')}")
        code = secrets.token_urlsafe(1200)  # Entra's codes are that long
        self._codes[code] = {**query, "role": self.role}
        return f"{place}?{urlencode({'code': code, 'state': query['state']})}"

    def _token(self, tenant: str, form: Mapping[str, str]) -> dict[str, object]:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or verifier != asked["code_challenge"]:
            self.complaints.append("AADSTS70008: the code or its verifier is not known")
            raise RefusedError(400, "invalid_grant", self.complaints[-1])
        # as any client's: an assertion of the account that the credential names
        self.endpoint.identity(form.get("client_id", ""), form.get("client_assertion", ""))
        claims = self._claims(tenant, asked)
        token = self.endpoint.signed(claims)
        return {
            "token_type": "Bearer",
            "access_token": "opaque",
            "expires_in": 3600,
            "id_token": token,
        }

    def _claims(self, tenant: str, asked: Mapping[str, str]) -> dict[str, object]:
        role, now = asked["role"], int(time.time())
        name = role.rpartition(".")[2].lower() or "nobody"
        known = {each["value"] for each in self.application["app_role"]}
        if role and role not in known:
            self.complaints.append(f"{role} is no app role of {sorted(known)}")
        return {
            "iss": f"https://{HOST}/{tenant}/v2.0",
            "aud": self.application["client_id"],
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "sub": f"subject-of-{name}",
            "oid": f"object-of-{name}",
            "tid": tenant,
            "ver": "2.0",
            "nonce": asked["nonce"],
            "email": f"{name}@example.com",
            "given_name": name.title(),
            "family_name": "Rehearsal",
            **({"roles": [role]} if role else {}),
        }
