"""A stand-in provider as the program that Terraform starts: `python -m ... <provider> <cloud>`."""

import base64
import datetime
import json
import os
import sys
import threading
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tools.rehearsal.standin.cloud import Cloud
from tools.rehearsal.standin.needs import Needs
from tools.rehearsal.standin.provider import Provider
from tools.rehearsal.standin.server import serving

_COOKIE = "TF_PLUGIN_MAGIC_COOKIE"


def main() -> None:
    """Serve one provider until Terraform says that it is done.

    The argument is the file that `mirroring` wrote: the provider, the types and the cloud folder.
    """
    if _COOKIE not in os.environ:
        sys.exit("This program is a Terraform provider: terraform starts it, people do not.")
    settings = json.loads(Path(sys.argv[1]).read_text())
    types = {kind: frozenset(types) for kind, types in settings["types"].items()}
    needs = Needs(source=settings["source"], version=settings["version"], types=types)
    provider = Provider(settings["name"], needs, Cloud(Path(settings["cloud"])))
    key, certificate, der = _certificate()
    done = threading.Event()
    credentials = grpc.ssl_server_credentials([(key, certificate)])
    with serving(provider, credentials, done.set) as socket:
        encoded = base64.b64encode(der).decode().rstrip("=")
        print(f"1|6|unix|{socket}|grpc|{encoded}", flush=True)
        done.wait()


def _certificate() -> tuple[bytes, bytes, bytes]:
    """A key and a certificate for this run: Terraform trusts what the program prints."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER)


if __name__ == "__main__":
    main()
