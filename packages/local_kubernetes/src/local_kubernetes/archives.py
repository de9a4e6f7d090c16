"""Images in archives of Docker's: one made of a single program, and what one is called."""

import hashlib
import io
import json
import tarfile
from pathlib import Path


def of_program(program: Path, name: str, archive: Path) -> None:
    """Write an image that holds one static program, and starts it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as packed:
        packed.add(program, f"/{program.name}")
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as packed:
        _add(packed, "layer.tar", layer.getvalue())
        _add(packed, "config.json", json.dumps(config).encode())
        _add(packed, "manifest.json", json.dumps(manifest).encode())


def name_in(archive: Path) -> str:
    """Return the name of the image in an archive."""
    with tarfile.open(archive) as packed:
        manifest = packed.extractfile("manifest.json")
        assert manifest is not None, f"{archive} is no archive of Docker's"
        return str(json.loads(manifest.read())[0]["RepoTags"][0])


def _add(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    packed.addfile(entry, io.BytesIO(content))
