"""What the ingress settings do, in a real nginx before the real API server."""

import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.signin.conftest import HOST, Site
from tests.signin.https import connected, get, send
from tests.signin.identity_provider import IdentityProvider
from tests.signin.steps import sign_in

KIB, MIB = 1024, 1024 * 1024
FLOOD = 100
HEADERS = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
)


def context(site: Site, newest: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    trusting = ssl.create_default_context(cafile=site.authority)
    trusting.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    trusting.maximum_version = newest
    trusting.set_ciphers(ciphers)
    return trusting


def flood(site: Site, path: str, *, client: str) -> list[int]:
    """Return the status of each of many requests sent at the same time from one address."""

    def one(_: int) -> int:
        return send(site, "GET", path, headers={}, client=client).status

    with ThreadPoolExecutor(FLOOD) as pool:
        return list(pool.map(one, range(FLOOD)))


def agreed(site: Site, offer: ssl.SSLContext) -> tuple[str | None, str | None]:
    """Return the TLS version and the cipher that nginx chose, or raise ssl.SSLError."""
    with connected(site, context=offer) as connection:
        cipher = connection.tls.cipher()
        return connection.tls.version(), cipher and cipher[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_versions_are_spoken(site: Site, version: ssl.TLSVersion) -> None:
    assert agreed(site, context(site, version))[0] == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_tls_versions_are_refused(site: Site, version: str) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        agreed(site, context(site, ssl.TLSVersion[version]))


def test_a_cipher_of_the_list_is_spoken(site: Site) -> None:
    offer = context(site, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256")

    assert agreed(site, offer)[1] == "ECDHE-ECDSA-AES128-GCM-SHA256"


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_a_cipher_outside_the_list_is_refused(site: Site, cipher: str) -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        agreed(site, context(site, ssl.TLSVersion.TLSv1_2, cipher))


def test_http_2_is_spoken(site: Site) -> None:
    offer = context(site, ssl.TLSVersion.TLSv1_3)
    offer.set_alpn_protocols(["h2", "http/1.1"])

    with connected(site, context=offer) as connection:
        assert connection.tls.selected_alpn_protocol() == "h2"


def test_plain_http_is_sent_to_https(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=60)
    connection.request("GET", "/dags?tags=sales", headers={"Host": HOST})

    answer = connection.getresponse()

    assert (answer.status, answer.headers["Location"]) == (308, f"{site.url}/dags?tags=sales")
    connection.close()


@pytest.mark.parametrize("path", ["/", "/api/v2/dags", "/auth/login/", "/static/pin_32.png"])
def test_every_answer_has_each_security_header_once(site: Site, path: str) -> None:
    answer = get(site, path)

    assert {name: len(answer.headers.get_all(name, [])) for name in HEADERS} == dict.fromkeys(
        HEADERS, 1
    )


@pytest.mark.parametrize(
    ("path", "may_run"),
    [("/auth/login/", True), ("/pluginsv2/ours", True), ("/dags", False), ("//auth/dags", False)],
)
def test_scripts_in_a_page_may_run_where_flask_makes_it(
    site: Site, path: str, may_run: bool
) -> None:
    policy = get(site, path).headers["Content-Security-Policy"]

    assert ("script-src 'self' 'unsafe-inline'" in policy) is may_run


def test_browsers_keep_to_https_for_two_years(site: Site) -> None:
    assert get(site, "/").headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_no_version_of_a_server_is_told(site: Site) -> None:
    assert get(site, "/").headers.get_all("Server") == ["nginx"]


@pytest.mark.parametrize(
    ("path", "client"),
    [
        ("/auth/login/", "127.0.1.1"),
        ("/auth/%6Cogin/", "127.0.1.2"),
        ("//auth/token", "127.0.1.3"),
        ("/auth/users/list/", "127.0.1.4"),  # makes a row in the database each time
    ],
)
def test_a_flood_of_sign_ins_from_one_address_is_stopped(
    site: Site, path: str, client: str
) -> None:
    answers = flood(site, path, client=client)

    refused = answers.count(429)
    assert 0 < refused <= FLOOD - 40  # 40 at once are let through


def test_a_flood_of_sign_ins_does_not_stop_other_requests_of_the_address(site: Site) -> None:
    assert 429 in flood(site, "/auth/login/", client="127.0.1.99")

    assert set(flood(site, "/api/v2/version", client="127.0.1.99")) == {200}


def test_a_body_of_16_mib_reaches_airflow(site: Site) -> None:
    answer = send(site, "POST", "/api/v2/variables", body=b"x" * (16 * MIB), headers={})

    assert answer.status == 401


@pytest.mark.parametrize("path", ["/api/v2/variables", "/auth/token", "/auth/fab/v1/roles"])
def test_nobody_reads_a_body_before_it_is_known_who_sends_it(site: Site, path: str) -> None:
    answer = send(site, "POST", path, body=b"[" * KIB, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.body) == (401, b'{"detail":"Not authenticated"}')


def test_a_large_form_is_refused(site: Site) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = send(site, "POST", "/auth/roles/add", body=b"0=&" * 100 * KIB, headers=form)

    assert answer.status == 413


def test_a_larger_body_is_refused(site: Site) -> None:
    answer = send(
        site,
        "POST",
        "/api/v2/variables",
        body=b"x" * KIB,
        headers={"Content-Length": str(16 * MIB + 1)},
    )

    assert answer.status == 413


@pytest.mark.parametrize("header", ["Cookie", "Authorization"])
def test_a_token_of_24_kib_reaches_airflow(site: Site, header: str) -> None:
    answer = get(site, "/api/v2/version", {header: f"Bearer={'x' * 24 * KIB}"})

    assert answer.status == 200


def test_the_authorization_code_is_not_in_the_access_log(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Viewer"]}
    sign_in(page, site)

    lines = (site.folder / "access.log").read_text().splitlines()

    assert any(json.loads(line)["path"] == "/auth/oauth-authorized/azure" for line in lines)
    assert not any("code=" in line for line in lines)


@pytest.mark.parametrize(
    "path",
    [
        "/execution/health",
        "/%65xecution/health",
        "//execution/health",
        "/x/../execution/health",
        "/execution/variables/x/../../../dags",
        "/execution/variables/x%2F.%2e%2f..%2F../dags?all",
    ],
)
def test_the_execution_api_is_not_reached_from_outside(site: Site, path: str) -> None:
    assert get(site, path).status == 404


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/auth/docs", "/auth/redoc", "/docs/x", "/cosmos/docs"]
)
def test_no_page_is_served_that_loads_scripts_from_elsewhere(site: Site, path: str) -> None:
    assert get(site, path).status == 404


@pytest.mark.parametrize("origin", ["same-site", "cross-site"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_that_another_site_s_page_sends_is_refused(
    site: Site, method: str, origin: str
) -> None:
    answer = send(site, method, "/api/v2/connections/defaults", headers={"Sec-Fetch-Site": origin})

    assert answer.status == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {}])
def test_a_change_that_airflow_s_page_or_a_program_sends_reaches_airflow(
    site: Site, headers: dict[str, str]
) -> None:
    assert send(site, "POST", "/api/v2/connections/defaults", headers=headers).status == 401


SCRIPT = """() => {
    const script = document.createElement("script");
    script.text = "globalThis.ran = true";
    document.head.append(script);
    return globalThis.ran === true;
}"""


def test_a_script_that_somebody_wrote_into_a_page_does_not_run(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Admin"]}
    sign_in(page, site)
    page.goto(f"{site.url}/dags")

    assert page.evaluate(SCRIPT) is False


PAGES = ("/", "/dags", "/connections", "/variables", "/plugins", "/auth/users/list/")


def test_no_page_asks_another_host_or_breaks_its_policy(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Admin"]}
    sign_in(page, site)
    asked: set[str] = set()
    blocked: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on(
        "console",
        lambda line: blocked.append(line.text) if "Content Security Policy" in line.text else None,
    )

    for path in PAGES:
        page.goto(f"{site.url}{path}", wait_until="networkidle")

    assert asked - {""} == {urlsplit(site.url).netloc}
    assert blocked == []
