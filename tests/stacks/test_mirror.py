"""An environment whose charts and public images come from copies in its registry."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conventions.mirror import Lock, MirrorError
from helm_values.charts import CHARTS, NGINX
from helm_values.mirror import Mirror
from tests.environment_files import DEV
from tests.parts.mirror import DIGEST, LOCK
from tests.synthesis.test_company import run
from tools.release.mirroring import text_of

REGISTRY = "${data.terraform_remote_state.platform_state.outputs.registry_login_server}"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's folder whose environment takes copies, synthesized."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "environments").mkdir()
    given = DEV.read_text()
    mirrored = re.sub(r"^\[registry\]$", "[registry]\nmirror = true", given, flags=re.M)
    (folder / "environments" / "dev.toml").write_text(
        mirrored if mirrored != given else f"{given}\n[registry]\nmirror = true\n"
    )
    (folder / "mirror.lock").write_text(text_of(LOCK))
    done = run(folder, "-O", "main.py")
    assert done.returncode == 0, done.stderr
    return folder


def stack(company: Path, name: str) -> dict[str, Any]:
    file = company / "cdktf.out" / "stacks" / f"{name}-dev" / "cdk.tf.json"
    found: dict[str, Any] = json.loads(file.read_text())["resource"]
    return found


def test_every_chart_comes_from_our_registry(company: Path) -> None:
    releases = stack(company, "airflow")["helm_release"].values()

    assert {release["repository"] for release in releases if "repository" in release} == {
        f"oci://{REGISTRY}/mirror/charts"
    }


def test_nginx_runs_from_the_copy_by_its_digest(company: Path) -> None:
    release = stack(company, "airflow")["helm_release"]["nginx_ingress"]

    image = json.loads(release["values"][0])["controller"]["image"]
    assert image["repository"] == f"{REGISTRY}/mirror/docker.io/nginx/nginx-ingress"
    assert image["tag"] == f"1.2.3-444444444444@{DIGEST}"


def test_the_cluster_lets_no_public_image_in(company: Path) -> None:
    assigned = json.dumps(stack(company, "platform"))

    assert "quay[.]io" not in assigned
    assert "nginx-ingress[:@]" not in assigned


def test_a_lock_that_changed_makes_the_stacks_stale(company: Path) -> None:
    lock = company / "mirror.lock"
    before = lock.read_text()
    lock.write_text(before + "\n")

    done = run(company, "-m", "tools.synth_table")

    lock.write_text(before)
    assert "older than mirror.lock, which is changed" in done.stderr


def values_of_all_charts(folder: Path) -> None:
    """Ask the lock of a folder for every image, as a synth does."""
    mirror = Mirror(registry=REGISTRY, lock=Lock.read(folder))
    for chart in CHARTS:
        mirror.values(chart)


OF_ANOTHER_VERSION = text_of(LOCK).replace(f'"{NGINX.version}"', '"2.6.9"')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "mirror.lock: is not there, and registry.mirror = true needs it"),
        ("[airflow", "mirror.lock: cannot be read"),
        (text_of(LOCK).replace(DIGEST, "sha256:1", 1), "airflow.package: String should match"),
        (
            OF_ANOTHER_VERSION,
            f"holds nginx-ingress 2.6.9; installed is {NGINX.version}",
        ),
        (text_of(LOCK).replace('"redis:', '"ledis:'), "holds no image redis"),
    ],
    ids=["none", "no TOML", "no digest", "another version", "an image less"],
)
def test_a_lock_that_cannot_be_used_is_refused_with_the_way_out(
    tmp_path: Path, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / "mirror.lock").write_text(text)

    with pytest.raises(MirrorError) as refused:
        values_of_all_charts(tmp_path)

    assert told in str(refused.value)
    assert "make mirror-lock" in str(refused.value)


def test_a_refused_lock_ends_the_synth_before_anything_is_written(
    company: Path, tmp_path: Path
) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.toml").write_bytes(
        (company / "environments" / "dev.toml").read_bytes()
    )
    (tmp_path / "mirror.lock").write_text(OF_ANOTHER_VERSION)

    done = run(tmp_path, "-O", "main.py")

    assert done.returncode == 2
    assert f"holds nginx-ingress 2.6.9; installed is {NGINX.version}" in done.stderr
    assert "make mirror-lock" in done.stderr
    assert not list((tmp_path / "cdktf.out").glob("stacks"))
