"""Real registries on this machine, and images to put into them."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.processes import free_port, running
from tests.parts.skips import program


@contextmanager
def running_registry(folder: Path, *, users: Path | None = None) -> Iterator[str]:
    """Run Debian's registry, with its files in `folder`/registry; yields its address.

    With a file of users, as htpasswd writes it, nobody else is let in.
    """
    port = free_port()
    address = f"127.0.0.1:{port}"
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}, delete: {{enabled: on}}}}\n"
        f"http: {{addr: '{address}'}}\nlog: {{level: error}}\n"
        + (f"auth: {{htpasswd: {{realm: ours, path: {users}}}}}\n" if users else "")
    )
    command = [program("docker-registry"), "serve", config]
    with running(command, folder / "registry.log", port=port):
        yield address


def push(folder: Path, image: str, content: bytes) -> None:
    """Push an image with one file."""
    archive = folder / "image.tar"
    archive.write_bytes(_docker_archive(content))
    policy = folder / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    command = [
        program("skopeo"),
        "--policy",
        str(policy),
        "copy",
        "--quiet",
        "--dest-tls-verify=false",
    ]
    subprocess.run([*command, f"docker-archive:{archive}", f"docker://{image}"], check=True)


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
