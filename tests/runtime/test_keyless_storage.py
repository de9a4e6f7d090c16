"""Blob storage without a key: the pod's workload identity signs in."""

import json
from pathlib import Path

from tests.parts.azurite import ACCOUNT, Azurite, storage_token
from tests.runtime.airflow_home import AirflowHome
from tests.runtime.authority import CLIENT, Authority
from tests.runtime.lab import PREAMBLE


def test_the_bundle_reads_and_publishes_with_a_token_of_the_workload_identity(
    airflow: Path, tmp_path: Path, keyless_storage: Azurite, entra: Authority
) -> None:
    home = AirflowHome(airflow, tmp_path / "home", dict(entra.environment))
    home.folder.mkdir()
    roots = tmp_path / "roots.crt"
    own, storages = entra.certificate.trusted, keyless_storage.authority
    assert storages is not None
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
