"""Images in registries: what a name stands for, copies with their signatures, and who signed."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.release.errors import ReleaseError
from tools.release.programs import Programs

_NOBODY = "00000000-0000-0000-0000-000000000000"  # the user of a token, as Azure wants it
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

    def digest_of(self, image: Image) -> str | None:
        """Return the digest that a registry has under a name; None if it has nothing.

        Raises:
            ReleaseError: it cannot be asked.
        """
        plain = ["--plain-http"] if self.plain_http else []
        done = self._run(self.programs.oras, "resolve", *plain, image.by_digest)
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
        command = ["az", "acr", "login", "--expose-token", "--output=tsv", "--query=accessToken"]
        name = host.partition(".")[0]
        try:
            token = subprocess.run(
                [*command, f"--name={name}"], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise ReleaseError("az is not installed") from None
        if token.returncode:
            raise ReleaseError(f"{host}: {_last(token)}")
        plain = ["--plain-http"] if self.plain_http else []
        done = subprocess.run(
            [
                self.programs.oras,
                "login",
                *plain,
                f"--username={_NOBODY}",
                "--password-stdin",
                host,
            ],
            input=token.stdout.strip(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReleaseError(f"{host}: {_last(done)}")

    def _run(self, program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
