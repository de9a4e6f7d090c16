"""One context of a user's files."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from local_kubernetes.contexts import ContextError, write_context


def written(file: Path, name: str, **cluster: str) -> Path:
    """Write a kubeconfig with one context."""
    user = {"client-key": "keys/one.pem", "exec": {"command": "./login"}}
    context = {"cluster": name, "user": f"user-of-{name}"}
    file.parent.mkdir(exist_ok=True)
    content = {
        "contexts": [{"name": name, "context": context}],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}"} | cluster}],
        "users": [{"name": f"user-of-{name}", "user": user}],
        "current-context": name,
    }
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files, of which the second has the context that is asked for."""
    one = written(tmp_path / "a" / "config", "work")
    other = written(tmp_path / "b" / "config", "test", **{"certificate-authority": "ca.pem"})
    monkeypatch.setenv("KUBECONFIG", f"{one}:{other}")
    return tmp_path


def test_the_one_that_is_named_is_the_only_one(files: Path) -> None:
    write_context("test", files / "one")

    found: dict[str, Any] = yaml.safe_load((files / "one").read_text())
    assert [each["name"] for each in found["contexts"] + found["clusters"]] == ["test", "test"]
    assert found["current-context"] == "test"


def test_paths_are_whole(files: Path) -> None:
    write_context("test", files / "one")

    found = yaml.safe_load((files / "one").read_text())
    paths = [
        found["clusters"][0]["cluster"]["certificate-authority"],
        found["users"][0]["user"]["client-key"],
        found["users"][0]["user"]["exec"]["command"],
    ]
    assert paths == [str(files / "b" / part) for part in ("ca.pem", "keys/one.pem", "login")]


def test_nobody_else_reads_it(files: Path) -> None:
    write_context("test", files / "one")

    assert (files / "one").stat().st_mode & 0o077 == 0


def test_another_name_is_refused_with_those_that_there_are(files: Path) -> None:
    with pytest.raises(ContextError, match=r"no context 'prod' .*; there are: test, work"):
        write_context("prod", files / "one")


def test_a_file_of_something_else_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("- a list")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))

    with pytest.raises(ContextError, match="config is no kubeconfig"):
        write_context("any", tmp_path / "one")
