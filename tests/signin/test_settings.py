"""The environment variables of the sign-in: wrong ones are reported together, before the start."""

import json
import subprocess
from pathlib import Path

import pytest

from images.airflow.entra_sign_in.settings import Settings, SettingsError
from tests import ROOT

TENANT = "11111111-aaaa-4bbb-8ccc-111111111111"
CLIENT = "22222222-aaaa-4bbb-8ccc-222222222222"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text("token of the service account")
    return {
        "ENTRA_TENANT_ID": TENANT,
        "ENTRA_CLIENT_ID": CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "HOME": str(tmp_path),
    }


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environ)
    return str(raised.value)


def test_the_public_cloud_is_the_default(environ: dict[str, str]) -> None:
    assert Settings.read(environ).issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"


def test_a_sovereign_cloud_has_issuers_of_its_own(environ: dict[str, str]) -> None:
    environ["ENTRA_AUTHORITY"] = "https://login.microsoftonline.us/"

    assert Settings.read(environ).issuer == f"https://login.microsoftonline.us/{TENANT}/v2.0"


def test_roles_may_have_names_of_the_company_s_own(environ: dict[str, str]) -> None:
    environ["ENTRA_ROLES"] = (
        '{"D.Admins": "Admin", "D.Ops": "Op", "D.Users": "User", "D.Readers": "Viewer"}'
    )

    assert Settings.read(environ).roles["D.Readers"] == ["Viewer"]


@pytest.mark.parametrize(
    "roles",
    ["Admin", "[]", '{"A": "Admin"}', '{"A": "Owner", "B": "Op", "C": "User", "D": "Viewer"}'],
)
def test_roles_that_leave_one_out_are_refused(environ: dict[str, str], roles: str) -> None:
    environ["ENTRA_ROLES"] = roles

    assert "ENTRA_ROLES is" in problems(environ)


def test_airflow_gives_its_roles_by_these_names(airflow: Path, environ: dict[str, str]) -> None:
    environ["ENTRA_ROLES"] = (
        '{"D.Admins": "Admin", "D.Ops": "Op", "D.Users": "User", "D.Readers": "Viewer"}'
    )
    image = ROOT / "images" / "airflow"
    command = "import json, webserver_config as w; print(json.dumps(w.AUTH_ROLES_MAPPING))"

    done = subprocess.run(
        [airflow / "python", "-c", command],
        env=environ | {"PYTHONPATH": str(image)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout.splitlines()[-1])["D.Readers"] == ["Viewer"]


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "contoso.com"])
def test_an_authority_of_many_tenants_is_refused(environ: dict[str, str], tenant: str) -> None:
    environ["ENTRA_TENANT_ID"] = tenant

    assert f"ENTRA_TENANT_ID is {tenant!r}: it must be the directory" in problems(environ)


@pytest.mark.parametrize(
    "authority",
    ["http://login.microsoftonline.com", "login.microsoftonline.com", f"https://x/{TENANT}"],
)
def test_an_authority_that_is_not_https_and_a_host_is_refused(
    environ: dict[str, str], authority: str
) -> None:
    environ["ENTRA_AUTHORITY"] = authority

    assert f"ENTRA_AUTHORITY is {authority!r}: it must be https://" in problems(environ)


def test_a_credential_is_needed(environ: dict[str, str]) -> None:
    del environ["AZURE_FEDERATED_TOKEN_FILE"]

    assert "azure.workload.identity/use=true" in problems(environ)


@pytest.mark.parametrize("name", ["AZURE_FEDERATED_TOKEN_FILE", "ENTRA_CLIENT_SECRET_FILE"])
def test_a_credential_file_must_be_there(environ: dict[str, str], name: str) -> None:
    environ[name] = "/nowhere/token"

    assert f"{name} is '/nowhere/token': there is no such file" in problems(environ)


def test_all_problems_are_told_at_once() -> None:
    told = problems({"ENTRA_AUTHORITY": "ftp://x"})

    assert told.count("\n- ") == 4


def test_the_contact_has_a_readable_default(environ: dict[str, str]) -> None:
    assert Settings.read(environ).support_contact == "the team that runs this Airflow"
