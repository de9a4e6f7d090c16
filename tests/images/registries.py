"""Real registries on this machine, and images to put into them."""

import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures import missing


@contextmanager
def running_registry(folder: Path) -> Iterator[str]:
    """Run Debian's registry, with its files in `folder`/registry; yields its address."""
    program = shutil.which("docker-registry")
    if program is None or shutil.which("skopeo") is None:
        missing("no registry to ask: apt-get install docker-registry skopeo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}, delete: {{enabled: on}}}}\n"
        f"http: {{addr: '{address}'}}\nlog: {{level: error}}\n"
    )
    server = subprocess.Popen([program, "serve", config], stderr=subprocess.DEVNULL)
    try:
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def push(folder: Path, image: str, content: bytes) -> None:
    """Push an image with one file; waits until the registry answers."""
    archive = folder / "image.tar"
    archive.write_bytes(_docker_archive(content))
    policy = folder / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    command = ["skopeo", "--policy", str(policy), "copy", "--quiet", "--dest-tls-verify=false"]
    deadline = time.monotonic() + 30
    while True:
        done = subprocess.run(
            [*command, f"docker-archive:{archive}", f"docker://{image}"],
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.3)


def _docker_archive(content: bytes) -> bytes:
    def tar(files: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()

    layer = tar({"hello": content})
    diff = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {"architecture": "amd64", "os": "linux", "config": {}}
    config |= {"rootfs": {"type": "layers", "diff_ids": [diff]}}
    manifest = [{"Config": "config.json", "RepoTags": [], "Layers": ["layer.tar"]}]
    return tar(
        {
            "config.json": json.dumps(config).encode(),
            "layer.tar": layer,
            "manifest.json": json.dumps(manifest).encode(),
        }
    )
