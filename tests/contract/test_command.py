"""`python -m tools.contract`: what it says of recorded requests, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tools.contract.__main__ import app
from tools.contract.recorded import RecordedRequest
from tools.contract.type_files import PINS, TypeFiles, pins
from tools.contract.verdict import judge

VERSION = "2025-01-01"
NAT = "Microsoft.Network/natGateways"
NAME = {"$type": "StringType", "maxLength": 5}
SKU = {
    "$type": "UnionType",
    "elements": [{"$ref": "#/2"}, {"$ref": "#/3"}, {"$type": "StringType"}],
}
TYPES = [
    NAME,
    SKU,
    {"$type": "StringLiteralType", "value": "Standard"},
    {"$type": "StringLiteralType", "value": "StandardV2"},
    {
        "$type": "ObjectType",
        "properties": {
            "name": {"type": {"$ref": "#/0"}, "flags": 9},
            "apiVersion": {"type": {"$ref": "#/0"}, "flags": 3},
            "sku": {"type": {"$ref": "#/1"}, "flags": 1},
        },
    },
    {"$type": "ResourceType", "name": f"{NAT}@{VERSION}", "body": {"$ref": "#/4"}},
]


def request(name: str = "nat", type_: str = NAT, **body: Any) -> dict[str, Any]:
    """Return one PUT, as the loopback Azure records it."""
    address = f"/subscriptions/s/providers/{type_}/{name}"
    return {"method": "PUT", "type": type_, "version": VERSION, "id": address, "body": body}


@pytest.fixture
def types(tmp_path: Path) -> Path:
    """A folder of types as a checkout of Microsoft's has it."""
    file = tmp_path / f"generated/network/microsoft.network/{VERSION}/types.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(TYPES))
    return tmp_path / "generated"


def check(types: Path, *requests: dict[str, Any]) -> Result:
    """Run the command on recorded requests."""
    recording = types.parent / "requests.jsonl"
    recording.write_text("".join(f"{json.dumps(one)}\n" for one in requests))
    options = ["check", "--recording", str(recording), "--types", str(types)]
    return CliRunner().invoke(app, options)


def test_requests_that_are_as_the_types_say_are_good(types: Path) -> None:
    done = check(types, request(sku="StandardV2"))

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("1 requests, 1 types: good; ")


def test_a_fault_is_told_once_with_type_name_place_and_what_is_allowed(types: Path) -> None:
    done = check(types, request(sku="Basic"), request("other", sku="Basic"))

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"problem {NAT} nat and 1 more (API {VERSION}): sku is 'Basic', none of the listed "
        "'Standard', 'StandardV2'",
        "2 requests, 1 types: 1 are not as Microsoft's types say; 0 values beside Microsoft's "
        "lists are accepted, 0 fields are read-only",
    ]


def test_the_name_in_the_address_is_checked_too(types: Path) -> None:
    done = check(types, request("too-long", sku="Standard"))

    assert f"{NAT} too-long (API {VERSION}): name has 8 characters" in done.stdout


def test_a_type_that_microsoft_does_not_have_is_a_problem(types: Path) -> None:
    done = check(types, request(type_="Microsoft.Network/natGatesways", sku="Standard"))

    assert done.exit_code == 1
    assert "is not among Microsoft's types of this version" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        {"method": "PUT"},
        {"method": "PUT", "type": NAT, "version": VERSION, "id": "nat", "body": {}},
        {"method": "PUT", "type": NAT, "version": VERSION, "id": "/a/nat", "body": 5},
    ],
    ids=["a key alone", "an id that is a name", "a body that is a number"],
)
def test_a_file_that_is_no_recording_is_refused(types: Path, line: dict[str, Any]) -> None:
    done = check(types, line)

    assert done.exit_code == 2
    assert "it is no recording of requests" in done.stderr
    assert "allowed: a JSON object a line" in done.stderr


def test_without_real_providers_it_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)

    done = CliRunner().invoke(app, ["check"])

    assert done.exit_code == 2
    assert "fix: make contract PROVIDERS=FOLDER" in done.stderr


def test_what_is_pinned_is_found_again_in_the_folder_it_was_pinned_from(
    types: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    api = RecordedRequest(**request()).api
    written = tmp_path / "pins.toml"
    written.write_text(pins(types, "abc", [api]))
    monkeypatch.setattr("tools.contract.type_files.PINS", written)

    files = TypeFiles(cache=tmp_path / "cache", source=types.parent.as_uri())
    (types.parent / "abc").mkdir()
    types.rename(types.parent / "abc" / "generated")

    verdict = judge([RecordedRequest(**request(sku="Standard"))], files)
    assert (verdict.types, verdict.faults) == (1, [])


def test_the_committed_pins_can_be_read() -> None:
    assert len(TypeFiles().commit) == 40, PINS
