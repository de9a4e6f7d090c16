"""Blob storage without a key: the pod's workload identity signs in."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.airflow_home import AirflowHome
from tests.runtime.authority import CLIENT, TENANT, Authority
from tests.runtime.azurite import ACCOUNT, Azurite, azurite
from tests.runtime.lab import PREAMBLE
from tests.runtime.parts import certificate


@pytest.fixture
def keyless_storage(tmp_path: Path) -> Iterator[Azurite]:
    with azurite(tmp_path / "azurite", certificate(tmp_path / "azurite", "127.0.0.1")) as server:
        yield server


def test_the_bundle_reads_and_publishes_with_a_token_of_the_workload_identity(
    airflow: Path, tmp_path: Path, keyless_storage: Azurite, entra: Authority
) -> None:
    home = AirflowHome(airflow, tmp_path / "home", dict(entra.environment))
    home.folder.mkdir()
    roots = tmp_path / "roots.crt"
    own, storages = entra.folder / "tls.crt", tmp_path / "azurite" / "tls.crt"
    roots.write_text(own.read_text() + storages.read_text())
    home.environment["REQUESTS_CA_BUNDLE"] = str(roots)
    keyless = {"conn_type": "wasb", "host": keyless_storage.url, "login": ACCOUNT}
    home.environment["AIRFLOW_CONN_WASB_DEFAULT"] = json.dumps(keyless)
    entra.token = storage_token()

    served = home.probe(
        PREAMBLE
        + """
where = containers()
put(where["container"], a="one")
b = bundle(**where)
b.initialize()
b.refresh()
answer([content(b), list(blobs(where["versions_container"]))])
"""
    )

    assert served[0] == {"a.py": "one"}
    assert len(served[1]) == 1
    assert {request["client_id"] for request in entra.requests} == {CLIENT}
    assert entra.requests[0]["scope"] == "https://storage.azure.com/.default"


def storage_token() -> str:
    """Return a token of the form that Azurite checks; it does not check the signature."""
    now = int(time.time())
    times = {"iat": now, "nbf": now - 60, "exp": now + 3600}
    issuer = f"https://sts.windows.net/{TENANT}/"
    claims = {"aud": "https://storage.azure.com", "iss": issuer, "tid": TENANT, **times}
    return ".".join([part({"alg": "RS256", "typ": "JWT"}), part(claims), "c2lnbmF0dXJl"])


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
