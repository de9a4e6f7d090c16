"""Microsoft's types: fetched once and compared with their digests, or of a folder."""

import functools
import hashlib
import http.server
from collections.abc import Iterator
from pathlib import Path

import pytest
from terraform_runner.errors import BadInputError

from tests.parts.serving import answering
from tools.contract import type_files
from tools.contract.type_files import TypeFiles, pins

API = "microsoft.network@2025-01-01"
PATH = "network/microsoft.network/2025-01-01/types.json"
TYPES = b'[{"$type":"AnyType"}]'


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server with one commit of the types, which the pins name."""
    served = tmp_path / "public"
    file = served / "abc" / "generated" / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(TYPES)
    written = tmp_path / "pins.toml"
    written.write_text(pins(served / "abc" / "generated", "abc", [API]), encoding="utf-8")
    monkeypatch.setattr(type_files, "PINS", written)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with answering(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_types_are_fetched_once_and_kept_under_their_digest(public: str, tmp_path: Path) -> None:
    first = TypeFiles(cache=tmp_path / "cache", source=public).of(API)

    kept = TypeFiles(cache=tmp_path / "cache", source="http://127.0.0.1:1").of(API)

    assert first == kept == [[{"$type": "AnyType"}]]
    assert [f.name for f in (tmp_path / "cache").iterdir()] == [
        f"{hashlib.sha256(TYPES).hexdigest()}.json"
    ]


def test_a_file_that_is_not_the_pinned_one_is_refused_and_not_kept(
    public: str, tmp_path: Path
) -> None:
    (tmp_path / "public/abc/generated" / PATH).write_text("[]")

    with pytest.raises(BadInputError, match="pins"):
        TypeFiles(cache=tmp_path / "cache", source=public).of(API)

    assert not (tmp_path / "cache").exists()


def test_a_cached_file_that_was_changed_is_fetched_again(public: str, tmp_path: Path) -> None:
    files = TypeFiles(cache=tmp_path / "cache", source=public)
    files.of(API)
    next((tmp_path / "cache").iterdir()).write_text("[]")

    assert files.of(API) == [[{"$type": "AnyType"}]]


def test_what_cannot_be_reached_says_how_to_work_without_it(public: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="make contract TYPES=FOLDER"):
        TypeFiles(cache=tmp_path, source="http://127.0.0.1:1").of(API)


def test_the_folder_of_a_checkout_needs_no_network(public: str, tmp_path: Path) -> None:
    files = TypeFiles(tmp_path / "public/abc/generated", source="http://127.0.0.1:1")

    assert files.of(API) == [[{"$type": "AnyType"}]]


def test_a_folder_without_types_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="it holds no types"):
        TypeFiles(tmp_path)
