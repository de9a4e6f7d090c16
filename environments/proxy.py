"""The `[network.proxy]` table: a company's proxy, which nodes and pods leave the network by."""

import re
from ipaddress import IPv4Address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from conventions.addresses import PRIVATE_RANGES_SAID, is_private
from environments.hidden import may_be_secret
from environments.types import PORT, Address, Section, Text, refuse

# AKS takes at most ten, and PEM only (learn.microsoft.com: "Custom certificate authority (CA) in
# AKS"); a private key is a secret, which no environment file may hold.
CERTIFICATE = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*"
)
WithoutProxy = Annotated[
    str,
    Text(
        r"\.?[a-z0-9][a-z0-9.-]*(/\d{1,2})?",
        "a host, a domain that begins with a dot, or a range",
        ".corp.example.com",
    ),
]


def certificate(text: str) -> str:
    """Take one certificate in PEM form; AKS takes no other."""
    if "PRIVATE KEY" in text:
        refuse(
            "holds a private key",
            allowed="the certificate of the authority, alone",
            fix="delete the key here, and treat it as known to others: make a new one",
        )
    if not CERTIFICATE.fullmatch(text):
        refuse(
            "not one certificate in PEM form",
            allowed="-----BEGIN CERTIFICATE----- ... -----END CERTIFICATE-----",
            fix='convert it: openssl x509 -inform der -in ca.cer, and write it between """',
        )
    import ssl  # a sixtieth of a second, which files without an authority do not pay

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        refuse(
            "a certificate that cannot be read: a part of it is missing or changed",
            allowed="the certificate of the authority, as it was issued",
            fix="copy the whole file; openssl x509 -noout -subject -in ca.pem reads it",
        )
    return text


class Proxy(Section):
    """A proxy for whatever leaves the network; AKS gives it to its nodes and to every pod.

    AKS takes no user and no password (learn.microsoft.com: "HTTP proxy support in AKS").
    """

    url: Annotated[
        str,
        Text(
            rf"http://[A-Za-z0-9.-]+:{PORT}",
            "http://, a host and a port, without a user",
            "http://proxy.corp.example.com:3128",
        ),
        Field(description="the proxy; for https too, which it passes on unopened"),
    ]
    address: Annotated[
        Address, Field(description="its private address: pods may connect to no other one")
    ]
    exceptions: Annotated[
        tuple[WithoutProxy, ...],
        Field(
            strict=False,
            description="what else is reached without it; the platform's own names are added. The "
            "nodes' list is set at creation; later: `az aks update`",
        ),
    ] = ()

    @property
    def port(self) -> int:
        """The port that it answers at."""
        return urlsplit(self.url).port or 0

    @field_validator("url", mode="before")
    @classmethod
    def _no_user(cls, url: object) -> object:
        if isinstance(url, str) and ("@" in url or may_be_secret(url)):
            refuse(
                "names a user, or holds what may be a secret",
                allowed="a proxy that asks for no sign-in: AKS can give it none",
                fix="let the proxy know this network by its addresses, and delete the user",
            )
        return url

    @field_validator("address")
    @classmethod
    def _private(cls, address: IPv4Address) -> IPv4Address:
        if not is_private(address):
            refuse(
                "not an address of a private network",
                allowed=f"an address of {PRIVATE_RANGES_SAID}",
                fix="give the address that the proxy has in your network",
            )
        return address
