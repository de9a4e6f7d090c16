"""The lock of all platforms, by the real Terraform, from a registry on loopback over TLS."""

import http.server
import io
import json
import os
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from terraform_runner.binary import find_terraform

from conventions.terraform_providers import AZURERM, RANDOM, TERRAFORM_PROVIDERS
from tests import ROOT
from tests.parts.serving import Quiet, answering
from tools import provider_lock
from tools.provider_lock import PLATFORMS, only

INDEX = "/registry.terraform.io/hashicorp"


def archive(name: str, platform: str) -> bytes:
    """A provider's package, whose program nobody starts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr(f"terraform-provider-{name}", f"{name} for {platform}")
    return packed.getvalue()


def pages() -> dict[str, bytes]:
    """What a mirror answers (developer.hashicorp.com: "Provider Network Mirror Protocol")."""
    found = {}
    for one in TERRAFORM_PROVIDERS:
        at = f"{INDEX}/{one.name}"
        packages = {platform: {"url": f"{platform}.zip"} for platform in PLATFORMS}
        found[f"{at}/index.json"] = json.dumps({"versions": {one.version: {}}}).encode()
        found[f"{at}/{one.version}.json"] = json.dumps({"archives": packages}).encode()
        found |= {f"{at}/{platform}.zip": archive(one.name, platform) for platform in PLATFORMS}
    return found


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a network mirror, and the authority that Terraform must trust."""
    answers = pages()

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            kind = "application/json" if self.path.endswith(".json") else "application/zip"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body or b"")

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with answering(server):
        yield f"https://localhost:{server.server_address[1]}/", trusted


@pytest.fixture
def lock(registry: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock that the command writes."""
    address, trusted = registry
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    file = tmp_path / "providers.lock.hcl"
    provider_lock.write(mirror=address, lock=file)
    return file


def test_the_lock_has_every_provider_on_every_platform(lock: Path) -> None:
    text = lock.read_text()

    for one in TERRAFORM_PROVIDERS:
        block = only(text, [one.name])
        assert f'version     = "{one.version}"' in block
        assert block.count('"h1:') == len(PLATFORMS)


def test_a_stack_holds_to_the_lock(
    lock: Path, registry: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = {RANDOM.name: {"source": RANDOM.source, "version": RANDOM.version}}
    stack = synthesized(tmp_path / "cdktf.out", {"terraform": {"required_providers": required}})
    provider_lock.lay(tmp_path / "cdktf.out", lock=lock)
    text = (stack / ".terraform.lock.hcl").read_text()

    assert AZURERM.name not in text
    assert initialized(stack, registry[0]).returncode == 0
    (stack / ".terraform.lock.hcl").write_text(text.replace('"h1:', '"h1:A'))
    assert "checksums" in initialized(stack, registry[0]).stderr


def synthesized(out: Path, document: dict[str, object]) -> Path:
    """Write one stack as cdktf does, and return its folder."""
    stack = out / "stacks" / "data-dev"
    stack.mkdir(parents=True)
    (stack / "cdk.tf.json").write_text(json.dumps(document))
    told = {"stacks": {"data-dev": {"synthesizedStackPath": "stacks/data-dev/cdk.tf.json"}}}
    (out / "manifest.json").write_text(json.dumps(told))
    return stack


def initialized(stack: Path, mirror: str) -> subprocess.CompletedProcess[str]:
    """`terraform init` that takes providers from the mirror and may not change the lock."""
    configuration = stack.parent / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  network_mirror {{\n    url = "{mirror}"\n  }}\n}}\n'
    )
    return subprocess.run(
        [find_terraform(stack), "init", "-no-color", "-lockfile=readonly", "-backend=false"],
        cwd=stack,
        env={
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_DATA_DIR": str(stack.parent / f"data-{len(list(stack.parent.iterdir()))}"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_registry_that_is_not_there_is_told_with_the_way_out(tmp_path: Path) -> None:
    lock = tmp_path / "providers.lock.hcl"
    command = [sys.executable, "-m", "tools.provider_lock", "write", "--lock", str(lock)]
    done = subprocess.run(
        [*command, "--mirror", "https://localhost:9/"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "the providers cannot be locked" in done.stderr
    assert "fix: run it where registry.terraform.io can be reached" in done.stderr
    assert not lock.exists()


def test_without_a_lock_nothing_is_laid(tmp_path: Path) -> None:
    stack = synthesized(tmp_path, {})

    provider_lock.lay(tmp_path, lock=tmp_path / "none.hcl")

    assert not (stack / ".terraform.lock.hcl").exists()
