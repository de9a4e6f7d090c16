"""Which cluster is taken, and what is refused; kind itself reads what it is told."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts.skips import not_given
from tools.cluster.clusters import ClusterError, address_towards, load
from tools.cluster.deployment import Deployment
from tools.cluster.ways import (
    KUBECONFIG,
    Way,
    Wish,
    choose,
    guest,
    kind_config,
    without_kind,
)

NETWORK = {"pod_cidr": "10.244.0.0/16", "service_cidr": "10.245.0.0/20"}
DEPLOYMENT = Deployment({"azurerm_kubernetes_cluster": [{"network_profile": [NETWORK]}]})


def of_a_machine(name: str) -> str:
    """Return the path of a program that Debian does not have, and machines of CI mostly do."""
    return shutil.which(name) or not_given(f"{name} is not installed")


def test_without_docker_there_is_no_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert without_kind() == "Docker is not installed"


def test_a_docker_that_does_not_answer_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    of_a_machine("docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    with pytest.raises(ClusterError, match=r"`docker info` ended with 1: .*/nowhere/docker.sock"):
        choose(Wish(within=Way.KIND))


def test_a_machine_without_a_way_is_told_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ClusterError) as refused:
        choose(Wish())

    lines = [line.strip().partition(":")[0] for line in str(refused.value).splitlines()]
    named = "or name one that may be used, of your KUBECONFIG"
    assert lines == ["no cluster can be made here", "a node of its own", "kind", named]


@pytest.mark.parametrize(
    "wish",
    [
        Wish(context="a"),
        Wish(context="a", load_images="true", registry="r"),
        Wish(context="a", load_images="true", within=Way.KIND),
        Wish(within=Way.CONTEXT),
        Wish(within=Way.NODE, node_image="kindest/node:v1.36.3"),
    ],
    ids=["no images", "two ways of images", "with kind, too", "no name", "kind's image elsewhere"],
)
def test_a_wish_that_does_not_fit_together_is_refused(wish: Wish) -> None:
    with pytest.raises(ClusterError, match=r"--context|--load-images|--node-image"):
        choose(wish)


def told(folder: Path, config: object) -> str:
    """Return what kind says of a config; without Docker it makes nothing of a good one."""
    (folder / "kind.json").write_text(json.dumps(config))
    command = [of_a_machine("kind"), "create", "cluster", "--config", str(folder / "kind.json")]
    variables = {"PATH": str(Path(str(shutil.which("docker") or "/bin/true")).parent)}
    variables |= {"DOCKER_HOST": "unix:///nowhere/docker.sock", "HOME": str(folder)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    return done.stderr


def test_kind_reads_its_config(tmp_path: Path) -> None:
    config = kind_config(DEPLOYMENT, "registry.example.com/kindest/node:v1.36.3")

    assert "failed to create cluster" in (said := told(tmp_path, config))
    assert "unable to decode config" not in said


def test_kind_knows_every_key_of_it(tmp_path: Path) -> None:
    config = kind_config(DEPLOYMENT) | {"networkings": {}}

    assert "unable to decode config" in told(tmp_path, config)


def test_images_are_loaded_by_the_user_s_command(tmp_path: Path) -> None:
    archive = tmp_path / "an image.tar"
    archive.touch()

    names = load(f"cp {{}} {tmp_path}/loaded.tar", {"localhost/an:image": archive})

    assert names == {"localhost/an:image": "localhost/an:image"}
    assert (tmp_path / "loaded.tar").exists()


def test_a_command_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"`ls .*/none` ended with 2: ls: cannot access"):
        load("ls", {"image": tmp_path / "none"})


def test_a_server_on_loopback_does_not_tell_an_address() -> None:
    with pytest.raises(ClusterError, match="fix: --address"):
        address_towards("https://127.0.0.1:6443")


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    wish = Wish(context="lab", load_images="true", address="192.168.7.9")
    cluster = {"name": "lab", "cluster": {"server": "https://127.0.0.1:1"}}
    content = {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "clusters": [cluster],
        "users": [{"name": "me", "user": {"token": "t"}}],
    }
    (tmp_path / KUBECONFIG).write_text(json.dumps(content))

    with (
        pytest.raises(ClusterError, match=r"https://127.0.0.1:1 does not answer .*refused"),
        guest(Way.CONTEXT, wish, tmp_path, DEPLOYMENT, print),
    ):
        pass
