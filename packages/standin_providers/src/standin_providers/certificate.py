"""A key and a certificate for one run: Terraform trusts the authority that a provider prints."""

import base64
import ssl
from dataclasses import dataclass

import grpc
import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server proves itself with, and the text that a client knows it by."""

    credentials: grpc.ServerCredentials
    printed: str


def new_certificate() -> Certificate:
    """Make a certificate for `localhost`."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    trusted = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    printed = base64.b64encode(trusted).decode().rstrip("=")
    credentials = grpc.ssl_server_credentials([(issued.private_key_pem.bytes(), chain)])
    return Certificate(credentials, printed)
