"""The Dockerfile can be built, and builds what the locks say."""

import fnmatch
import re
import subprocess

import pytest

from tests import ROOT
from tests.images.dockerfile import DOCKERFILE, copied_sources, instructions
from tools import airflow_venv

IMAGE = ROOT / "images" / "airflow"
LOCKS = ["requirements", "dbt-requirements", "uv-requirements"]


def pins(name: str) -> dict[str, str]:
    """Return the packages of a lock and their versions."""
    lock = (IMAGE / f"{name}.lock").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.M))


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "hadolint", DOCKERFILE], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("source", copied_sources())
def test_everything_that_is_copied_is_there(source: str) -> None:
    assert (ROOT / source).exists()


@pytest.mark.parametrize("source", copied_sources())
def test_everything_that_is_copied_is_sent_to_the_builder(source: str) -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]

    assert any(source == rule or source.startswith(rule + "/") for rule in let_in)
    assert not any(fnmatch.fnmatch(source, rule) for rule in rules if rule.startswith("**"))


def test_the_base_image_has_the_airflow_and_python_of_the_lock() -> None:
    base = next(one.rest for one in instructions() if one.word == "ARG")

    tag = f"slim-{pins('requirements')['apache-airflow']}-python{airflow_venv.PYTHON}"
    assert base.partition("@")[0] == f"BASE_IMAGE=apache/airflow:{tag}"


def test_every_stage_starts_from_the_one_base() -> None:
    stages = {one.stage for one in instructions()} - {""}
    bases = {one.rest.split()[0] for one in instructions() if one.word == "FROM"}

    assert bases - stages == {"${BASE_IMAGE}"}


def test_every_stage_trusts_the_company_s_authorities() -> None:
    bases = {one.stage: one.rest.split()[0] for one in instructions() if one.word == "FROM"}
    settings = [one.rest for one in instructions() if (one.stage, one.word) == ("base", "ENV")]

    assert {stage for stage, base in bases.items() if base == "${BASE_IMAGE}"} == {"base"}
    assert all(name in settings[0] for name in ("REQUESTS_CA_BUNDLE=", "SSL_CERT_FILE="))


def test_the_locks_were_made_for_the_python_of_the_base() -> None:
    headers = [(IMAGE / f"{name}.lock").read_text()[:300] for name in LOCKS]

    assert all(f"--python-version {airflow_venv.PYTHON} " in header for header in headers)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_a_hash_and_no_address(name: str) -> None:
    lock = (IMAGE / f"{name}.lock").read_text()

    entries = re.split(r"\n(?=[a-z0-9-]+==)", lock)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_its_input_asks_for(name: str) -> None:
    asked = re.findall(
        r"^([a-z0-9-]+)(?:\[[^\]]*\])?==(\S+)", (IMAGE / f"{name}.in").read_text(), re.M
    )

    assert dict(asked).items() <= pins(name).items()


def test_it_ends_as_the_numeric_user_of_the_base() -> None:
    users = [one.rest for one in instructions() if one.word == "USER"]

    assert users[-1] == "50000"


def test_what_is_copied_belongs_to_root() -> None:
    copied = [one for one in instructions() if one.word in ("COPY", "ADD")]

    # a file of the checkout becomes root's; one of another stage keeps its owner
    by_user = [one.rest for one in copied if "--from=packages" in one.rest]
    assert ["--chown=0:0" in rest for rest in by_user] == [True]
    assert [one for one in copied if "--ch" in one.rest.replace("--chown=0:0", "")] == []


def test_no_layer_is_made_again_because_a_build_has_other_values() -> None:
    runtime = [one for one in instructions() if one.stage == "airflow"]
    changing = next(n for n, one in enumerate(runtime) if one.word == "ARG")

    # an ARG makes every layer behind it new; a label is no layer
    assert {one.word for one in runtime[changing:]} & {"RUN", "COPY", "ADD", "WORKDIR"} == set()


def test_every_value_of_a_build_is_a_label() -> None:
    runtime = [one for one in instructions() if one.stage == "airflow"]
    values = {one.rest.split("=")[0] for one in runtime if one.word == "ARG"}
    (labels,) = (one.rest for one in runtime if one.word == "LABEL")

    assert dict(re.findall(r'org\.opencontainers\.image\.(\w+)="\$\{(\w+)\}"', labels)) == {
        value.lower(): value for value in values
    }
