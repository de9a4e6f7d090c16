"""A base image like Apache Airflow's, made of Debian where no registry can be reached.

It holds what images/airflow/Dockerfile, the chart and the pipelines use of the real one: Python in
/usr/python, a virtual environment in /home/airflow/.local, the user airflow (50000:0), the entry
point, /clean-logs and dumb-init. No Airflow: the Dockerfile installs the lock's.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.airflow_venv import AirflowUnavailableError, python312
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store

RELEASE = "bookworm"  # the Debian of apache/airflow's images
HOME = "/home/airflow"
# what Python's own modules, the database driver and Airflow's entry point load
_LIBRARIES = (
    "ca-certificates,dumb-init,git,libbz2-1.0,libexpat1,libffi8,libldap-2.5-0,liblzma5,"
    "libncursesw6,libreadline8,libsasl2-2,libsqlite3-0,libssl3,libstdc++6,libtirpc3,libuuid1,"
    "libxml2,libxmlsec1,netcat-openbsd,zlib1g"
)
# As Apache's: bash and python start themselves, everything else is a command of airflow. It waits
# for the database before.
_ENTRY = f"""\
#!/usr/bin/env bash
set -euo pipefail
umask 0002
whoami >/dev/null 2>&1 || export HOME={HOME}
for ((left = ${{CONNECTION_CHECK_MAX_COUNT:=20}}; left > 0; left--)); do
  airflow db check >/tmp/db-check 2>&1 && break
  [ "$left" -gt 1 ] || {{ cat /tmp/db-check >&2; exit 1; }}
  sleep "${{CONNECTION_CHECK_SLEEP_TIME:=3}}"
done
case "${{1:-}}" in
  bash | python) exec "$@" ;;
  airflow) shift ;;
esac
exec airflow "$@"
"""
_CLEAN_LOGS = """\
#!/usr/bin/env bash
set -euo pipefail
while true; do
  find "${AIRFLOW_HOME}/logs" -type f -mtime "+${AIRFLOW__LOG_RETENTION_DAYS:=15}" -delete
  sleep "$((${AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES:=15} * 60))"
done
"""
_SETTINGS = (
    "--user=50000",
    "--workingdir=/opt/airflow",
    f"--env=PATH={HOME}/.local/bin:/usr/python/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "--env=AIRFLOW_HOME=/opt/airflow",
    f"--env=AIRFLOW_USER_HOME_DIR={HOME}",
    "--env=AIRFLOW_UID=50000",
    "--env=LANG=C.UTF-8",
    '--entrypoint=["/usr/bin/dumb-init", "--", "/entrypoint"]',
    "--shell=/bin/bash -o pipefail -o errexit -o nounset -o nolog -c",
)


def base_image(store: Store) -> str:
    """Return the name of the base image; make it the first time.

    Raises:
        LocalImageError: Debian's packages or a Python cannot be had.
    """
    python = _python()
    key = hashlib.sha256(Path(__file__).read_bytes() + str(python).encode()).hexdigest()[:12]
    name = f"localhost/airflow-base:{key}"
    if not store.has(name):
        _make(store, name, python)
    return name


def _make(store: Store, name: str, python: Path) -> None:
    container = store.run("from", "scratch")
    try:
        root = Path(store.run("mount", container))
        _debian(root)
        _add_python(root, python)
        _add_user(root)
        store.run("config", *_SETTINGS, container)
        store.run("commit", "--quiet", "--format=docker", container, name)
    finally:
        store.run("rm", container)


def _debian(root: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="debian-") as scratch:
        made = Path(scratch) / "root"
        include = f"--include={_LIBRARIES}"
        _run("debootstrap", "--variant=minbase", include, RELEASE, str(made), _mirror())
        shutil.rmtree(made / "var/cache/apt")
        shutil.rmtree(made / "var/lib/apt/lists")
        # debootstrap cannot write into a mounted container itself: its folder is not empty
        _run("cp", "--archive", f"{made}/.", str(root))
    # what this machine trusts: a company's proxy may open connections
    own = Path("/usr/local/share/ca-certificates")
    for certificate in own.glob("*.crt"):
        shutil.copy(certificate, root / "usr/local/share/ca-certificates")
    _run("chroot", str(root), "update-ca-certificates")


def _add_python(root: Path, python: Path) -> None:
    unused = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "idlelib")
    shutil.copytree(python, root / "usr/python", symlinks=True, ignore=unused)
    (root / "usr/python/lib/python3.12/site-packages").mkdir()
    (root / "etc/ld.so.conf.d/python.conf").write_text("/usr/python/lib\n")
    _run("chroot", str(root), "ldconfig")


def _add_user(root: Path) -> None:
    inside = ("chroot", str(root))
    own = ["--uid=50000", "--gid=0", f"--home-dir={HOME}", "--create-home", "--shell=/bin/bash"]
    _run(*inside, "useradd", *own, "airflow")
    _run(*inside, "/usr/python/bin/python3.12", "-m", "venv", f"{HOME}/.local")
    for folder in ("dags", "logs"):
        (root / "opt/airflow" / folder).mkdir(parents=True)
    for file, text in {"entrypoint": _ENTRY, "clean-logs": _CLEAN_LOGS}.items():
        (root / file).write_text(text)
        (root / file).chmod(0o755)
    _run(*inside, "chown", "-R", "50000:0", HOME, "/opt/airflow")
    _run(*inside, "chmod", "-R", "g+rwX", HOME, "/opt/airflow")


def _python() -> Path:
    """Return the folder of a Python 3.12 that works in another place: pyenv's or uv's."""
    try:
        asked: list[str | Path] = [python312(), "-c", "import sys; print(sys.base_prefix)"]
    except AirflowUnavailableError as error:
        raise LocalImageError(str(error)) from None
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    prefix = Path(done.stdout.strip())
    if prefix in (Path("/usr"), Path("/usr/local")):
        raise LocalImageError(
            f"the Python in {prefix} cannot be moved; install one that can: uv python install 3.12"
        )
    return prefix


def _mirror() -> str:
    """Return the address that apt reads Debian from: a company has its own."""
    listed = ["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(LABEL)"]
    done = subprocess.run(listed, capture_output=True, text=True, check=False)
    sites = [line.split()[0] for line in done.stdout.splitlines() if line.endswith("Debian Debian")]
    return sites[0] if sites else "http://deb.debian.org/debian"


def _run(*command: str) -> None:
    path = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        command,
        env=os.environ | {"PATH": path, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n    ".join(done.stdout.strip().splitlines()[-8:])
        raise LocalImageError(f"{command[0]} ended with {done.returncode}:\n    {said}")
