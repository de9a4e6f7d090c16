"""Loading lazily changes the time and nothing else."""

import os
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from synthesis.preload import PROVIDERS
from tests.environment_files import DEV
from tests.guard import python_path
from tests.parts.skips import missing
from tools.locked_venv import InstallationError, locked_venv

ROOT = Path(__file__).resolve().parents[2]

AS_SHIPPED = """
import gc
import sys
gc.disable()  # it would look at 3,000 modules again and again
from pathlib import Path
import cdktf_cdktf_provider_azurerm
from environments.load import load
from main import build
from synthesis.output import write
assert len([n for n in sys.modules if n.startswith("cdktf_cdktf_provider_azurerm.")]) > 1000
write(build, load([Path(sys.argv[2])]), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def compiled() -> Path:
    """A Python with the packages of a synth and the byte code of all their modules.

    The slow path imports 3,000 of them; compiled once, where environments of locks are kept.
    """
    try:
        return locked_venv("synth", ROOT / "synth.lock", sys.executable) / "bin" / "python"
    except InstallationError as error:
        missing(f"the packages of a synth cannot be installed: {error}")


def test_the_slow_path_gives_the_same_bytes(
    tmp_path: Path, compiled: Path, synthesized: Path
) -> None:
    done = subprocess.run(
        [compiled, "-c", AS_SHIPPED, tmp_path, DEV],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    for file in tmp_path.glob("stacks/*/cdk.tf.json"):
        lazy = synthesized / file.relative_to(tmp_path)
        assert file.read_bytes() == lazy.read_bytes(), file.parent.name


def test_a_package_that_is_gone_is_left_to_the_import_that_needs_it() -> None:
    script = (
        "from pathlib import Path; import synthesis.preload as lazy;"
        "lazy.PROVIDERS = ('no_such_package',);"
        "lazy.install()"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert done.returncode == 0


def test_an_unknown_resource_is_an_import_error() -> None:
    script = (
        "from synthesis.preload import install; install();"
        "from cdktf_cdktf_provider_azurerm import no_such_resource"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "ImportError: cannot import name 'no_such_resource'" in done.stderr


@pytest.mark.parametrize("package", PROVIDERS)
def test_the_provider_ships_the_lazy_index_that_node_is_led_to(package: str) -> None:
    spec = find_spec(package)  # not of the module in it: that would import all 1,500 beside it
    assert spec is not None
    assert spec.origin is not None
    (archive,) = (Path(spec.origin).parent / "_jsii").glob("*.tgz")

    with tarfile.open(archive) as tar:
        assert "package/lib/lazy-index.js" in tar.getnames()


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """What was noted, printed and warned of by a Node that runs JavaScript before anything else."""
    folder = tmp_path_factory.mktemp("node")
    started, script = folder / "started", folder / "first.cjs"
    script.write_text(
        "require('worker_threads').isMainThread"
        f" && require('fs').appendFileSync({str(started)!r}, 'once ');"
        "setImmediate(() => console.log('said in Node'));"
        "setImmediate(() => console.error('warned of in Node'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "from synthesis.preload import Preload\nwith Preload(): pass"],
        cwd=ROOT,
        env={**os.environ, "NODE_OPTIONS": f"--require {script}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return started.read_text(), done.stdout, done.stderr


def test_one_node_process_serves_a_synth(preloaded: tuple[str, str, str]) -> None:
    assert preloaded[0] == "once "


def test_what_javascript_prints_reaches_standard_output(preloaded: tuple[str, str, str]) -> None:
    assert preloaded[1] == "said in Node\n"


def test_what_javascript_warns_of_reaches_standard_error(preloaded: tuple[str, str, str]) -> None:
    assert preloaded[2] == "warned of in Node\n"


def test_node_options_do_not_leak_into_what_runs_later() -> None:
    script = (
        "import os; os.environ['NODE_OPTIONS'] = '--no-warnings';"
        "from synthesis.preload import Preload\n"
        "with Preload(): pass\n"
        "print(os.environ['NODE_OPTIONS'])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "--no-warnings"
