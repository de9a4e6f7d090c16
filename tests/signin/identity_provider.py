"""A stand-in for Microsoft Entra ID on loopback: it checks what Airflow sends, as Entra would."""

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback_azure.certificates import CertificateFiles

from tests.parts.serving import Quiet, answering

TENANT_ID = "11111111-aaaa-4bbb-8ccc-111111111111"
CLIENT_ID = "22222222-aaaa-4bbb-8ccc-222222222222"
OBJECT_ID = "33333333-aaaa-4bbb-8ccc-333333333333"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def new_key() -> rsa.RSAPrivateKey:
    """Return a key as Entra signs with: RSA, 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class IdentityProvider:
    """What the next sign-in gets. `complaints` holds every request that Entra would refuse."""

    authority: str
    redirect_uris: set[str] = field(default_factory=set)
    assertion_file: Path | None = None
    client_secret: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    signing_key: rsa.RSAPrivateKey | None = None
    refusal: tuple[str, str] | None = None
    lifetime_seconds: int = 3600
    away: bool = False
    key_id: str = "key-1"
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"key-1": new_key()})
    complaints: list[str] = field(default_factory=list)
    authorize_requests: list[dict[str, str]] = field(default_factory=list)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget what the last test asked for."""
        self.claims, self.signing_key, self.refusal = {}, None, None
        self.client_secret, self.lifetime_seconds, self.away = None, 3600, False
        for seen in (self.complaints, self.authorize_requests, self.token_requests):
            seen.clear()

    def rotate_key(self) -> None:
        """Sign with a new key from now on, as Entra does without notice."""
        self.key_id = f"key-{len(self.keys) + 1}"
        self.keys[self.key_id] = new_key()

    def authorize(self, query: dict[str, str]) -> str:
        """Return where to send the browser: a user with a session is not asked anything."""
        self.authorize_requests.append(query)
        expected = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "code_challenge_method": "S256",
        }
        self._check("authorize", query, expected, needed={"state", "nonce", "code_challenge"})
        if query["redirect_uri"] not in self.redirect_uris:
            self.complaints.append(f"redirect URI {query['redirect_uri']} is not registered")
        answer = {"state": query["state"]}
        if self.refusal:
            answer["error"], answer["error_description"] = self.refusal
        else:
            answer["code"] = self._code_for(query)
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer of the token endpoint."""
        self.token_requests.append(body)
        asked = self._codes.pop(body.get("code", ""), None)
        if asked is None:
            return 400, _error("invalid_grant", "AADSTS70008: the code is unknown or used")
        self._check(
            "token",
            body,
            {
                "grant_type": "authorization_code",
                "client_id": CLIENT_ID,
                "redirect_uri": asked["redirect_uri"],
            },
        )
        digest = hashlib.sha256(body.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, _error("invalid_grant", "AADSTS501481: the code verifier does not match")
        if not self._proves_client(body):
            return 401, _error("invalid_client", "AADSTS7000215: invalid client credential")
        return 200, {
            "token_type": "Bearer",
            "access_token": "opaque",
            "expires_in": self.lifetime_seconds,
            "id_token": self._id_token(asked["nonce"]),
        }

    def issue_code(self, redirect_uri: str, code_challenge: str) -> str:
        """Return a code as if a user had just signed in."""
        return self._code_for(
            {"redirect_uri": redirect_uri, "code_challenge": code_challenge, "nonce": "n"}
        )

    def _code_for(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(1200)  # Entra's codes are that long
        self._codes[code] = query
        return code

    def key_set(self) -> dict[str, Any]:
        """Return the public keys."""
        return {
            "keys": [
                {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": name}
                for name, key in self.keys.items()
            ]
        }

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": f"{self.authority}/{TENANT_ID}/v2.0",
            "aud": CLIENT_ID,
            "exp": now + self.lifetime_seconds,
            "iat": now,
            "nbf": now,
            "sub": "subject-of-ada",
            "oid": OBJECT_ID,
            "tid": TENANT_ID,
            "ver": "2.0",
            "nonce": nonce,
            "email": "ada@example.com",
            "given_name": "Ada",
            "family_name": "Lovelace",
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key or self.keys[self.key_id]
        return jwt.encode(kept, key, algorithm="RS256", headers={"kid": self.key_id})

    def _proves_client(self, body: dict[str, str]) -> bool:
        if self.client_secret is not None:
            return body.get("client_secret") == self.client_secret
        return (
            self.assertion_file is not None
            and body.get("client_assertion_type") == JWT_BEARER
            and body.get("client_assertion") == self.assertion_file.read_text().strip()
            and "client_secret" not in body
        )

    def _check(
        self,
        endpoint: str,
        sent: dict[str, str],
        expected: dict[str, str],
        needed: set[str] = frozenset(),  # type: ignore[assignment]  # never changed
    ) -> None:
        for name, value in expected.items():
            if sent.get(name) != value:
                self.complaints.append(f"{endpoint}: {name} is {sent.get(name)!r}, not {value!r}")
        self.complaints.extend(f"{endpoint}: no {name}" for name in needed if not sent.get(name))


def _error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


class _Handler(Quiet, BaseHTTPRequestHandler):
    provider: ClassVar[IdentityProvider]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == f"/{TENANT_ID}/discovery/v2.0/keys":
            self._send(200, self.provider.key_set())
        elif address.path == f"/{TENANT_ID}/oauth2/v2.0/authorize":
            target = self.provider.authorize(dict(parse_qsl(address.query)))
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(404, _error("not_found", self.path))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.provider.away:
            self._send(503, {})
        elif self.path == f"/{TENANT_ID}/oauth2/v2.0/token":
            self._send(*self.provider.token(dict(parse_qsl(body))))
        else:
            self._send(404, _error("not_found", self.path))

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        """Say nothing when a browser gives up a connection."""


@contextmanager
def running(certificate: CertificateFiles) -> Iterator[IdentityProvider]:
    """Serve an identity provider at `https://localhost` and a free port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    provider = IdentityProvider(f"https://localhost:{server.server_port}")
    handler.provider = provider  # type: ignore[attr-defined]  # set on the class made above
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    with answering(server):
        yield provider
