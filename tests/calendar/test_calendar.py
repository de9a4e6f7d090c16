"""What `make verify` refuses and `make synth` warns of, year by year."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from environments.load import EnvironmentFileError, validate
from synthesis.reader import Stack, Synthesis
from tests.environment_files import DEV
from tools.calendar import page, raising, table, uses
from tools.calendar.judgement import Finding, findings
from tools.calendar.uses import Use

FACTS = table.read()


def judged(
    *used: tuple[str, str], on: str, acknowledged: dict[tuple[str, str], date] | None = None
) -> dict[str, Finding]:
    """Return what is found of the versions that an environment `test` uses, by the fact's name."""
    given = [Use("test", part, version, "a.key") for part, version in used]
    found = findings(given, FACTS, date.fromisoformat(on), acknowledged or {})
    return {finding.fact: finding for finding in found}


YEAR = (
    ("kubernetes", "1.34"),
    ("kubernetes", "1.36"),
    ("kubernetes_long_term", "1.32"),
    ("postgres", "14"),
    ("postgres", "16"),
    ("grafana", "12"),
    ("vm_sizes", "Fs_v2"),
)


@pytest.mark.parametrize(
    ("on", "refused", "warned"),
    [
        ("2026-11-01", set(), {"kubernetes 1.34", "postgres 14"}),
        ("2026-12-01", {"kubernetes 1.34", "postgres 14"}, {"kubernetes_long_term 1.32"}),
        (
            "2027-03-15",
            {"kubernetes 1.34", "postgres 14"},
            {"kubernetes 1.36", "kubernetes_long_term 1.32"},
        ),
        (
            "2028-08-01",
            {"kubernetes 1.34", "kubernetes 1.36", "kubernetes_long_term 1.32", "postgres 14"},
            {"postgres 16", "vm_sizes Fs_v2"},
        ),
    ],
)
def test_the_years_bring_warnings_and_then_refusals(
    on: str, refused: set[str], warned: set[str]
) -> None:
    found = judged(*YEAR, on=on)

    assert {name for name, finding in found.items() if finding.refused} == refused
    assert {name for name, finding in found.items() if not finding.refused} == warned


@pytest.mark.parametrize(("days", "warned"), [(121, False), (120, True), (0, True)])
def test_a_warning_comes_from_120_days_before(days: int, warned: bool) -> None:
    on = date(2026, 11, 30) - timedelta(days=days)

    assert bool(judged(("kubernetes", "1.34"), on=on.isoformat())) is warned


def test_the_last_day_is_a_supported_one() -> None:
    assert not judged(("postgres", "14"), on="2026-11-12")["postgres 14"].refused
    assert judged(("postgres", "14"), on="2026-11-13")["postgres 14"].refused


def test_what_only_nobody_repairs_is_never_refused() -> None:
    assert not judged(("node", "20"), on="2027-03-01")["node 20"].refused


def test_a_version_that_is_not_there_yet_is_told() -> None:
    found = judged(("kubernetes", "1.37"), on="2026-07-01")["kubernetes 1.37"]

    assert not found.refused
    assert "is not there before 2026-10-31" in str(found)


def test_a_refusal_says_source_way_out_and_how_to_acknowledge() -> None:
    told = str(judged(("kubernetes", "1.33"), on="2026-12-01")["kubernetes 1.33"])

    assert told.splitlines() == [
        "test: a.key: Kubernetes on AKS, standard support 1.33 ended on 2026-07-31: Azure creates "
        "no new one; a running cluster goes on, without fixes of Kubernetes",
        "    source: https://learn.microsoft.com/azure/aks/supported-kubernetes-versions "
        "(as of 2026-08-05)",
        '    fix: set kubernetes.version = "1.34"; AKS goes up one minor at a time',
        '    or, where it runs already, in the environment file: [acknowledged."kubernetes 1.33"] '
        'with a reason and until = "YYYY-MM-DD"',
    ]


@pytest.mark.parametrize(("on", "refused"), [("2027-02-28", False), ("2027-03-01", True)])
def test_an_acknowledgement_holds_until_its_day(on: str, refused: bool) -> None:
    accepted = {("test", "postgres 14"): date(2027, 2, 28)}

    found = judged(("postgres", "14"), on=on, acknowledged=accepted)

    assert ("postgres 14" in found) is refused


def test_an_acknowledgement_is_one_environment_s() -> None:
    accepted = {("other", "postgres 14"): date(2027, 2, 28)}

    assert "postgres 14" in judged(("postgres", "14"), on="2027-01-01", acknowledged=accepted)


def test_an_environment_file_acknowledges_an_end(dev_values: dict[str, Any]) -> None:
    dev_values["acknowledged"] = {
        "postgres 14": {"reason": "no new server; 16 follows soon", "until": "2027-02-28"}
    }

    environment = validate(dev_values, Path("dev.toml"))

    assert environment.acknowledged["postgres 14"].until == "2027-02-28"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"reason": "later", "until": "2027-02-28"}, "20 characters or more"),
        ({"reason": "no new server; 16 follows soon"}, "until: missing"),
        ({"reason": "no new server; 16 follows soon", "until": "soon"}, "YYYY-MM-DD"),
    ],
)
def test_an_acknowledgement_has_a_reason_and_a_day(
    dev_values: dict[str, Any], given: dict[str, str], told: str
) -> None:
    dev_values["acknowledged"] = {"postgres 14": given}

    with pytest.raises(EnvironmentFileError, match=told):
        validate(dev_values, Path("dev.toml"))


def test_every_row_has_a_source_and_ends_after_it_begins() -> None:
    for part in FACTS.values():
        for version in part.versions:
            assert version.source.startswith("https://")
            assert version.last or version.until or version.first
            assert not (version.first and version.last) or version.first < version.last


def test_a_planned_version_is_not_offered_as_a_way_out() -> None:
    assert FACTS["kubernetes"].newest(date(2027, 1, 1)).name == "1.36"


def test_what_the_synthesized_stacks_use_is_in_the_table(synthesized: Path) -> None:
    used = list(uses.of_environments(Synthesis.load(synthesized)))

    assert {use.part for use in used} == {"kubernetes", "postgres", "grafana", "vm_sizes"}
    assert [use for use in used if FACTS[use.part].version(use.version) is None] == []


def test_what_the_project_pins_is_in_the_table(synthesized: Path) -> None:
    used = list(uses.of_project(page.ROOT, Synthesis.load(synthesized)))

    assert {use.part for use in used} == {
        "airflow", "airflow_chart", "azurerm", "cdktf", "cert_manager", "nginx", "node", "python",
        "terraform",
    }  # fmt: skip
    assert [use for use in used if FACTS[use.part].version(use.version) is None] == []


def test_long_term_support_has_days_of_its_own() -> None:
    cluster = {
        "kubernetes_version": "1.33",
        "sku_tier": "Premium",
        "default_node_pool": {"vm_size": "Standard_F8s_v2"},
    }
    synthesis = platform_of("lts", azurerm_kubernetes_cluster={"aks": cluster})

    used = {(use.part, use.version) for use in uses.of_environments(synthesis)}

    assert used == {("kubernetes_long_term", "1.33"), ("vm_sizes", "Fs_v2")}


def test_an_environment_s_name_may_hold_a_hyphen() -> None:
    server = {"server": {"version": "16"}}
    synthesis = platform_of("eu-dev", azurerm_postgresql_flexible_server=server)

    assert [use.environment for use in uses.of_environments(synthesis)] == ["eu-dev"]


def platform_of(environment: str, **resources: Any) -> Synthesis:
    """Return a synthesis of one platform stack."""
    document = {"resource": resources}
    stack = Stack(name=f"platform-{environment}", document=document, path=Path("cdk.tf.json"))
    return Synthesis((stack,))


TEXT = DEV.read_text(encoding="utf-8").replace(
    'version = "1.36"', 'version = "1.34"   # raised by the calendar'
)


def test_a_version_is_raised_by_one_minor_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "test.toml"
    file.write_text(TEXT)

    told = raising.raise_kubernetes(file, FACTS, date(2026, 11, 26))

    assert told == f"{file}: Kubernetes 1.34 to 1.35; 1.34 has 4 days left"
    assert file.read_text() == TEXT.replace('"1.34"', '"1.35"')
    assert tomllib.loads(file.read_text())["kubernetes"]["version"] == "1.35"


def test_a_file_of_windows_keeps_its_ends_of_lines_and_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "test.toml"
    before = TEXT.replace("\n", "\r\n").encode("utf-8-sig")
    file.write_bytes(before)

    raising.raise_kubernetes(file, FACTS, date(2026, 11, 26))

    assert file.read_bytes() == before.replace(b'"1.34"', b'"1.35"')


@pytest.mark.parametrize(
    ("version", "on", "why"),
    [
        ("1.36", "2026-11-26", "does not end within 120 days"),
        ("1.36", "2027-06-01", "no version above Kubernetes 1.36 is there yet"),
    ],
)
def test_a_version_stays_where_nothing_is_to_be_raised(
    tmp_path: Path, version: str, on: str, why: str
) -> None:
    file = tmp_path / "test.toml"
    file.write_text(TEXT.replace("1.34", version))

    with pytest.raises(raising.NothingToRaiseError, match=why):
        raising.raise_kubernetes(file, FACTS, date.fromisoformat(on))

    assert file.read_text() == TEXT.replace("1.34", version)


def test_the_page_is_the_table_s() -> None:
    assert page.PAGE.read_text() == page.page(FACTS), "run: make reference"


def test_the_picture_is_the_table_s() -> None:
    assert page.PICTURE.read_text() == page.picture(FACTS), "run: make reference"
