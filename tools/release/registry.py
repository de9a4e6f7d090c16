"""Images in registries: what a name stands for, copies with their signatures, and who signed."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.release.errors import ReleaseError
from tools.release.programs import Programs

_NOBODY = "00000000-0000-0000-0000-000000000000"  # the user of a token, as Azure wants it
_CHART = "application/vnd.cncf.helm"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image in a registry, by tag, by digest, or by both."""

    repository: str
    """With the registry, for example `crairflowdev1f788c.azurecr.io/airflow`."""
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Image":
        """Read `registry/path[:tag][@digest]`.

        Raises:
            ReleaseError: it names neither, or something that is no digest.
        """
        name, _, digest = text.partition("@")
        path, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:  # the colon of a port
            path, tag = name, ""
        if "/" not in path or not (tag or digest) or (digest and not _DIGEST.fullmatch(digest)):
            raise ReleaseError(f"{text}: not registry/path:tag, or registry/path@sha256:...")
        return cls(repository=path, tag=tag or None, digest=digest or None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def by_digest(self) -> str:
        """The reference that a registry is asked for: the digest where there is one."""
        separator, word = ("@", self.digest) if self.digest else (":", self.tag)
        return f"{self.repository}{separator}{word}"


@dataclass(frozen=True, kw_only=True)
class Registries:
    """Speaks to registries as Docker's configuration signs in."""

    programs: Programs
    plain_http: bool = False
    """Registries without TLS, on this machine."""

    @property
    def _plain(self) -> list[str]:
        return ["--plain-http"] if self.plain_http else []

    def digest_of(self, image: Image) -> str | None:
        """Return the digest that a registry has under a name; None if it has nothing.

        Raises:
            ReleaseError: it cannot be asked.
        """
        done = self._run(self.programs.oras, "resolve", *self._plain, image.by_digest)
        if done.returncode == 0:
            return done.stdout.strip()
        if "not found" in done.stderr or "NAME_UNKNOWN" in done.stderr:
            return None
        raise ReleaseError(f"{image}: {_last(done)}")

    def copy(self, source: Image, target: Image) -> None:
        """Copy an image with everything that refers to it: its signatures.

        Raises:
            ReleaseError: it cannot be read, is not what its digest says, or cannot be written.
        """
        plain = ["--from-plain-http", "--to-plain-http"] if self.plain_http else []
        names = [source.by_digest, f"{target.repository}:{target.tag}"]
        done = self._run(self.programs.oras, "cp", "--recursive", "--no-tty", *plain, *names)
        if done.returncode:
            raise ReleaseError(f"{source} cannot be copied to {target}: {_last(done)}")

    def push_chart(self, package: Path, about: str, target: Image) -> None:
        """Put a chart's package where Helm looks for it in a registry.

        Args:
            package: the chart, as `helm package` makes it.
            about: its Chart.yaml, as JSON.
            target: repository and version.

        Raises:
            ReleaseError: it cannot be written.
        """
        with tempfile.TemporaryDirectory(prefix="push-") as folder:
            config = Path(folder) / "config.json"
            config.write_text(about, encoding="utf-8")
            done = self._run(
                self.programs.oras,
                "push",
                *self._plain,
                "--disable-path-validation",
                # no time of today: two pushes of one package are one manifest
                "--annotation=org.opencontainers.image.created=1970-01-01T00:00:00Z",
                f"--config={config}:{_CHART}.config.v1+json",
                target.by_digest,
                f"{package}:{_CHART}.chart.content.v1.tar+gzip",
            )
        if done.returncode:
            raise ReleaseError(f"{package.name} cannot be written to {target}: {_last(done)}")

    def package_of(self, chart: Image) -> str | None:
        """Return the digest of a chart's package in a registry; None if it has nothing.

        Raises:
            ReleaseError: it cannot be asked, or what is there is no chart.
        """
        if self.digest_of(chart) is None:
            return None
        done = self._run(self.programs.oras, "manifest", "fetch", *self._plain, chart.by_digest)
        if done.returncode:
            raise ReleaseError(f"{chart}: {_last(done)}")
        for layer in json.loads(done.stdout).get("layers", ()):
            if layer["mediaType"].startswith(f"{_CHART}.chart.content"):
                return str(layer["digest"])
        raise ReleaseError(f"{chart} is no chart")

    def verify(self, image: Image, signers: Path) -> None:
        """Refuse an image that nobody signed whom we trust.

        Args:
            image: by its digest.
            signers: folder of certificates (*.pem, *.crt), of signers or of those who made them.

        Raises:
            ReleaseError: it is not signed, or by somebody else, or nobody is trusted.
        """
        certificates = sorted([*signers.glob("*.pem"), *signers.glob("*.crt")])
        if not certificates:
            raise ReleaseError(
                f"{signers} holds no certificate of who signs images (*.pem, *.crt), so no image "
                "can be trusted: docs/how-to/release-an-image.md says how to get it"
            )
        with tempfile.TemporaryDirectory(prefix="trust-") as folder:
            store = Path(folder) / "truststore" / "x509" / "ca" / "signers"
            store.mkdir(parents=True)
            for certificate in certificates:
                shutil.copy(certificate, store)
            plain = ["-plain-http"] if self.plain_http else []
            done = self._run(self.programs.signature, "verify", *plain, folder, image.by_digest)
        if done.returncode:
            raise ReleaseError(f"{image}: the signature does not verify: {_last(done)}")

    def sign_in(self, host: str) -> None:
        """Sign in to a registry of Azure as `az` is signed in; Docker's configuration keeps it.

        Raises:
            ReleaseError: `az` gives no token, or the registry does not take it.
        """
        token = token_of(host)
        done = subprocess.run(
            [
                self.programs.oras,
                "login",
                *self._plain,
                f"--username={_NOBODY}",
                "--password-stdin",
                host,
            ],
            input=token,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReleaseError(f"{host}: {_last(done)}")

    def _run(self, program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def token_of(host: str) -> str:
    """Return a token for a registry of Azure, of whom `az` has signed in; it ends in three hours.

    Raises:
        ReleaseError: `az` gives none.
    """
    command = ["az", "acr", "login", "--expose-token", "--output=tsv", "--query=accessToken"]
    name = host.partition(".")[0]
    try:
        done = subprocess.run(
            [*command, f"--name={name}"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ReleaseError("az is not installed") from None
    if done.returncode:
        raise ReleaseError(f"{host}: {_last(done)}")
    return done.stdout.strip()


@contextmanager
def signed_in(host: str) -> Iterator[dict[str, str]]:
    """Give the variable by which Helm signs in to a registry of Azure; the token ends with it.

    Raises:
        ReleaseError: `az` gives no token.
    """
    given = base64.b64encode(f"{_NOBODY}:{token_of(host)}".encode()).decode()
    with tempfile.TemporaryDirectory(prefix="registry-") as folder:
        config = Path(folder) / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"auths": {host: {"auth": given}}}), encoding="utf-8")
        yield {"DOCKER_CONFIG": folder}


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
