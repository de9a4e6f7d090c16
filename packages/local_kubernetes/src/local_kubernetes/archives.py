"""Images of a single program, in archives of Docker's."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def of_program(program: Path, name: str, archive: Path) -> None:
    """Write an image that holds one static program, and starts it."""
    place = f"/{program.name}"
    _write({place: program}, {"Entrypoint": [place]}, name, archive)


def of_linked_program(program: Path, name: str, archive: Path, *, folder: str = "/") -> None:
    """Write an image that holds one program of this machine, with the libraries that it loads.

    Args:
        program: its path, which it has in the image, too.
        name: of the image.
        archive: the file to write.
        folder: in which it starts.
    """
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    found = [word for line in said.splitlines() for word in line.split() if word.startswith("/")]
    files = {place: Path(place).resolve() for place in (str(program), *found)}
    config = {
        "Entrypoint": [str(program)],
        "Env": [f"PATH={program.parent}"],
        "WorkingDir": folder,
    }
    _write(files, config, name, archive)


def _write(files: Mapping[str, Path], settings: Mapping[str, Any], name: str, to: Path) -> None:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as packed:
        for place, file in files.items():
            packed.add(file, place)
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(to, "w") as packed:
        _add(packed, "layer.tar", layer.getvalue())
        _add(packed, "config.json", json.dumps(config).encode())
        _add(packed, "manifest.json", json.dumps(manifest).encode())


def _add(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    packed.addfile(entry, io.BytesIO(content))
