"""Airflow's processes trust what the image trusts, and read no more authorities than they need."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from tests import ROOT
from tests.parts.serving import Quiet, answering

IMAGE = ROOT / "images" / "airflow"
ENTRY = "airflow.sdk.execution_time.execute_workload"
BUNDLE = "ca-certificates.crt"
# what each client says of a server, and the most authorities that a context has read
SOURCE = """
import json, ssl, sys, urllib.request
import httpx, requests

contexts = []
made = ssl.SSLContext.__new__
def noted(*given, **named):
    contexts.append(made(*given, **named))
    return contexts[-1]
ssl.SSLContext.__new__ = noted

def asked(ask):
    try:
        return "answered" if ask(sys.argv[2]) else ""
    except Exception as error:
        return "refused" if "certificate verify failed" in str(error) else repr(error)

said = [asked(ask) for ask in (requests.get, httpx.get, urllib.request.urlopen)]
read = max(context.cert_store_stats()["x509"] for context in contexts)
print(json.dumps([said, read]))
"""
ANSWERED, REFUSED = ["answered"] * 3, ["refused"] * 3


class Lists(Quiet, SimpleHTTPRequestHandler):
    """Lists a folder to whoever asks."""


class Trust:
    """A server, and a folder of authorities as `update-ca-certificates` leaves it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.authority, self.other = trustme.CA(), trustme.CA()
        self.address = ""
        self.trusts(self.authority, self.other)

    def trusts(self, *authorities: trustme.CA) -> None:
        """Write the folder again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        pems = [each.cert_pem.bytes() for each in authorities]
        for number, pem in enumerate(pems):
            (self.folder / f"{number}.pem").write_bytes(pem)
        subprocess.run(["openssl", "rehash", self.folder], check=True, capture_output=True)
        (self.folder / BUNDLE).write_bytes(b"".join(pems))

    def asked(self, folders: str = "/nowhere") -> tuple[list[str], int]:
        """Return what requests, httpx and urllib say in a task, and the authorities read.

        `folders` is what OpenSSL looks into beside the file.
        """
        bundle = str(self.folder / BUNDLE)
        done = subprocess.run(
            [self.programs / "python", "-c", SOURCE, ENTRY, self.address],
            env={
                "PATH": str(self.programs),
                "PYTHONPATH": str(IMAGE),
                "REQUESTS_CA_BUNDLE": bundle,
                "SSL_CERT_FILE": bundle,
                "SSL_CERT_DIR": folders,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        said, read = json.loads(done.stdout)
        return said, read


@pytest.fixture
def trust(airflow: Path, tmp_path: Path) -> Iterator[Trust]:
    """A server that shows a certificate of an authority in the folder."""
    made = Trust(tmp_path / "certs", airflow)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.authority.issue_cert("localhost").configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), Lists)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.address = f"https://localhost:{server.server_port}"
    with answering(server):
        yield made


def test_only_the_authority_that_signed_is_read(trust: Trust) -> None:
    assert trust.asked() == (ANSWERED, 1)


def test_an_unknown_authority_is_refused(trust: Trust) -> None:
    trust.trusts(trust.other)

    assert trust.asked() == (REFUSED, 0)


def test_an_authority_that_was_appended_to_the_file_is_trusted(trust: Trust) -> None:
    trust.trusts(trust.other)
    with (trust.folder / BUNDLE).open("ab") as bundle:
        bundle.write(trust.authority.cert_pem.bytes())

    assert trust.asked() == (ANSWERED, 2)


def test_an_authority_that_only_the_folder_has_is_refused(trust: Trust) -> None:
    trust.trusts(trust.authority)
    (trust.folder / BUNDLE).write_bytes(trust.other.cert_pem.bytes())  # of the same length

    assert trust.asked() == (REFUSED, 1)


def test_a_second_folder_of_authorities_is_trusted_by_what_asks_openssl_alone(
    trust: Trust, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    shutil.copytree(trust.folder, second)
    trust.trusts(trust.other)
    said, _ = trust.asked(folders=f"/nowhere:{second}")

    assert said == ["refused", "refused", "answered"]  # requests and httpx take the file alone


def test_a_file_in_a_folder_without_hashes_is_read(trust: Trust) -> None:
    for link in trust.folder.glob("*.0"):
        link.unlink()

    assert trust.asked() == (ANSWERED, 2)
