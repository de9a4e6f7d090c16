"""Images for a cluster that reads a registry: a real one takes them."""

import json
import urllib.request
from pathlib import Path

from local_kubernetes.archives import of_linked_program

from tests.images.registries import running_registry
from tests.parts.skips import not_given
from tools.cluster.clusters import push
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def test_an_image_of_the_rehearsal_is_read_by_its_name_there(
    a_program: None, tmp_path: Path
) -> None:
    try:
        Store.default()
    except LocalImageError as error:
        not_given(str(error))
    image, archive = "localhost/true:1", tmp_path / "true.tar"
    of_linked_program(Path("/usr/bin/true"), image, archive)

    with running_registry(tmp_path) as address:
        [name] = push(f"{address}/rehearsal", {image: archive}).values()
        url = f"http://{address}/v2/rehearsal/true/manifests/1"
        request = urllib.request.Request(url, headers={"Accept": f"{MANIFEST}, */*"})
        with urllib.request.urlopen(request) as answer:
            manifest = json.load(answer)

    assert name == f"{address}/rehearsal/true:1"
    assert len(manifest["layers"]) == 1
