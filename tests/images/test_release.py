"""An image goes from registry to registry by its digest, signed, or not at all."""

import base64
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from typer.testing import CliRunner, Result

from conventions.company import OUTDIR
from tests.images.registries import push, running_registry
from tests.parts.skips import missing
from tools.image import ROOT, tag_of
from tools.release.__main__ import app
from tools.release.building import build
from tools.release.errors import ReleaseError
from tools.release.programs import Programs, programs
from tools.release.promotion import promote
from tools.release.registry import Image, Registries

NUMBERS = count(1)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Somebody who signs images: a key, and a folder with the certificate of it."""

    key: Path
    certificate: Path

    @property
    def folder(self) -> Path:
        return self.certificate.parent


@dataclass(frozen=True, kw_only=True)
class Lab:
    """Two registries, what speaks to them, and who signs."""

    folder: Path
    dev: str
    prod: str
    registries: Registries
    company: Signer
    stranger: Signer

    def pushed(self) -> Image:
        """Push an image to dev that nobody else has, under a tag of its own."""
        tag = f"3.3.2-{next(NUMBERS):07x}"
        image = Image(repository=f"{self.dev}/airflow", tag=tag)
        push(self.folder, str(image), tag.encode())
        digest = self.registries.digest_of(image)
        return Image(repository=image.repository, tag=image.tag, digest=digest)

    def signed(self, by: Signer | None = None) -> Image:
        """Push an image to dev, and sign it."""
        image = self.pushed()
        signer = by or self.company
        program = str(self.registries.programs.signature)
        names = [str(signer.key), str(signer.certificate), image.by_digest]
        subprocess.run([program, "sign", "-plain-http", *names], check=True)
        return image

    @property
    def target(self) -> str:
        return f"{self.prod}/airflow"


def make_signer(folder: Path) -> Signer:
    """Make a certificate that may sign code, as Key Vault makes one that signs itself."""
    folder.mkdir()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    parts = [
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Berlin"),
        (NameOID.ORGANIZATION_NAME, folder.name),
        (NameOID.COMMON_NAME, folder.name),
    ]
    name = x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, *[False] * 8)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    signer = Signer(key=folder / "key", certificate=folder / "certificate.pem")
    signer.certificate.write_bytes(certificate.public_bytes(pem))
    signer.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return signer


@pytest.fixture(scope="module")
def release_programs() -> Programs:
    try:
        return programs()
    except ReleaseError as error:
        return missing(str(error))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, release_programs: Programs) -> Iterator[Lab]:
    """Two registries for all tests of this file; each test has an image of its own."""
    folder = tmp_path_factory.mktemp("release")
    with ExitStack() as opened:
        addresses = {}
        for name in ("dev", "prod"):
            (folder / name).mkdir()
            addresses[name] = opened.enter_context(running_registry(folder / name))
            push(folder, f"{addresses[name]}/ready:1", b"")
        yield Lab(
            folder=folder,
            registries=Registries(programs=release_programs, plain_http=True),
            company=make_signer(folder / "company"),
            stranger=make_signer(folder / "stranger"),
            **addresses,
        )


def test_a_promoted_image_is_the_very_image_and_still_signed(lab: Lab) -> None:
    image = lab.signed()

    arrived = promote(lab.registries, image, lab.target, lab.company.folder)

    assert arrived == Image(repository=lab.target, tag=image.tag, digest=image.digest)
    assert lab.registries.digest_of(Image(repository=lab.target, tag=image.tag)) == image.digest
    lab.registries.verify(arrived, lab.company.folder)


def test_promoting_again_changes_nothing(lab: Lab) -> None:
    image = lab.signed()
    first = promote(lab.registries, image, lab.target, lab.company.folder)

    assert promote(lab.registries, image, lab.target, lab.company.folder) == first


def test_an_image_that_nobody_signed_stays_where_it_is(lab: Lab) -> None:
    image = lab.pushed()

    with pytest.raises(ReleaseError, match="the signature does not verify"):
        promote(lab.registries, image, lab.target, lab.company.folder)

    assert lab.registries.digest_of(Image(repository=lab.target, tag=image.tag)) is None


def test_the_signature_of_a_stranger_counts_for_nothing(lab: Lab) -> None:
    image = lab.signed(by=lab.stranger)

    with pytest.raises(ReleaseError, match="the signature does not verify"):
        promote(lab.registries, image, lab.target, lab.company.folder)


def test_another_image_under_the_tag_is_not_what_was_signed(lab: Lab) -> None:
    image = lab.signed()
    push(lab.folder, f"{lab.dev}/airflow:{image.tag}", b"theirs")
    now = lab.registries.digest_of(Image(repository=image.repository, tag=image.tag))

    with pytest.raises(ReleaseError, match="the signature does not verify"):
        lab.registries.verify(Image(repository=image.repository, digest=now), lab.company.folder)

    assert promote(lab.registries, image, lab.target, lab.company.folder).digest == image.digest


def test_a_layer_that_was_changed_in_the_registry_is_not_copied(lab: Lab) -> None:
    image = lab.signed()
    for blob in blobs_of(lab, image):
        blob.write_bytes(blob.read_bytes()[:-1] + b"!")

    with pytest.raises(ReleaseError, match="cannot be copied"):
        promote(lab.registries, image, lab.target, lab.company.folder)

    assert lab.registries.digest_of(Image(repository=lab.target, tag=image.tag)) is None


def blobs_of(lab: Lab, image: Image) -> list[Path]:
    """Return the files of an image's layers, in the folder of its registry."""
    store = lab.folder / "dev/registry/docker/registry/v2/blobs/sha256"

    def blob(digest: str) -> Path:
        number = digest.removeprefix("sha256:")
        return store / number[:2] / number / "data"

    manifest = json.loads(blob(str(image.digest)).read_text())
    return [blob(layer["digest"]) for layer in manifest["layers"]]


def test_a_tag_that_is_another_image_there_is_not_written_again(lab: Lab) -> None:
    image = lab.signed()
    push(lab.folder, f"{lab.target}:{image.tag}", b"older")

    with pytest.raises(ReleaseError, match="a tag is written once"):
        promote(lab.registries, image, lab.target, lab.company.folder)


def test_without_a_certificate_no_image_is_trusted(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="holds no certificate of who signs images"):
        promote(lab.registries, lab.signed(), lab.target, tmp_path)


@pytest.mark.parametrize(
    "text", ["airflow", "example.com/airflow", "example.com:5000/airflow", "h/a:1@sha256:12"]
)
def test_a_name_that_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="not registry/path:tag"):
        Image.parse(text)


def check(lab: Lab, environment: str, registry: str) -> Result:
    """Run the check before a deployment, as the pipeline does."""
    where = [f"--environment={environment}", f"--registry={registry}", "--plain-http"]
    return CliRunner().invoke(app, ["check", *where, f"--signers={lab.company.folder}"])


@pytest.fixture
def project(synthesized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The synthesized stacks, where CDKTF_OUTDIR names them."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(synthesized, folder)
    monkeypatch.setenv(OUTDIR, str(folder))
    return folder


def test_a_deployment_without_its_image_in_the_registry_stops(lab: Lab, project: Path) -> None:
    done = check(lab, "prod", lab.prod)

    assert done.exit_code == 1
    assert "is not in the registry: release it, or correct image_tag and" in done.output


def test_a_deployment_of_a_signed_image_goes_on(lab: Lab, project: Path) -> None:
    image = lab.signed()
    tagged = Image(repository=image.repository, tag="3.3.2-0f1e2d3")  # that of dev.toml
    lab.registries.copy(image, tagged)

    done = check(lab, "dev", lab.dev)

    assert done.exit_code == 0, done.output
    assert f"airflow:3.3.2-0f1e2d3@{image.digest}: there, and its signature verifies" in done.output


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    """A checkout whose image holds one file, and the name of the commit."""
    (tmp_path / "file").write_text("hello")
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nCOPY file /file\nARG REVISION\nLABEL revision=${REVISION}\n"
    )
    return tmp_path / "Dockerfile"


def test_what_is_built_is_in_the_registry_under_the_digest_that_is_told(
    lab: Lab, dockerfile: Path
) -> None:
    if shutil.which("buildah") is None:
        missing("no buildah here: apt-get install buildah")
    image = Image(repository=f"{lab.dev}/built", tag="1")

    digest = build(
        dockerfile.parent,
        image,
        arguments={"REVISION": "0f1e2d3"},
        dockerfile=Path("Dockerfile"),
        plain_http=True,
    )

    shown = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", f"docker://{lab.dev}/built@{digest}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert lab.registries.digest_of(image) == digest
    assert json.loads(shown.stdout)["Labels"]["revision"] == "0f1e2d3"


def test_a_build_in_a_company_s_repository_holds_what_the_company_adds(
    lab: Lab, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("buildah") is None:
        missing("no buildah here: apt-get install buildah")
    product, own = dockerfile.parent / "product", dockerfile.parent / "own"
    for checkout, name in ((product, "theirs"), (own, "ours")):
        (checkout / "images" / "company").mkdir(parents=True)
        (checkout / "images" / "company" / "requirements.lock").write_text(f"# {name}")
        (checkout / "images" / "company" / name).write_text("")
    for name in ("images/airflow", "dags"):
        (product / name).mkdir()
    (product / ".dockerignore").write_text("*\n!images/company\n")
    (product / "images" / "airflow" / "Dockerfile").write_text(
        "FROM scratch\nCOPY images/company /company\n"
    )
    (own / "environments").mkdir()
    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(own))

    digest = build(
        product,
        Image(repository=f"{lab.dev}/own", tag="1"),
        arguments={},
        plain_http=True,
    )

    folder = dockerfile.parent / "copy"
    source = f"docker://{lab.dev}/own@{digest}"
    subprocess.run(
        ["skopeo", "copy", "-q", "--src-tls-verify=false", source, f"dir:{folder}"], check=True
    )
    layer = json.loads((folder / "manifest.json").read_text())["layers"][0]["digest"]
    with tarfile.open(folder / layer.removeprefix("sha256:")) as archive:
        lock = archive.extractfile("company/requirements.lock")
        assert lock is not None
        assert lock.read() == b"# ours"


def in_repository(project: Path, environment: str, path: str) -> None:
    """Let an environment fetch its image from another repository of the registry."""
    stack = project / "stacks" / f"airflow-{environment}" / "cdk.tf.json"
    stack.write_text(stack.read_text().replace("_login_server}/airflow", f"_login_server}}/{path}"))


def test_an_image_is_promoted_to_where_the_environment_fetches_it(lab: Lab, project: Path) -> None:
    image = lab.signed()
    in_repository(project, "prod", "data.platform/airflow")
    where = ["--environment=prod", f"--registry={lab.prod}", "--plain-http"]

    done = CliRunner().invoke(
        app, ["promote", str(image), *where, f"--signers={lab.company.folder}"]
    )

    assert done.exit_code == 0, done.output
    there = Image(repository=f"{lab.prod}/data.platform/airflow", tag=image.tag)
    assert lab.registries.digest_of(there) == image.digest


def test_an_image_is_built_for_where_the_environment_fetches_it(
    lab: Lab, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = tmp_path / "company"
    (company / "environments").mkdir(parents=True)
    (company / "README.md").write_text("ours")
    git = ["git", "-C", str(company), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=start"]):
        subprocess.run([*git, *command], check=True)
    in_repository(project, "dev", "data.platform/airflow")
    tag = tag_of(ROOT, company=company)
    built = Image(repository=f"{lab.dev}/data.platform/airflow", tag=tag)
    push(lab.folder, str(built), b"built before: a tag is built once")

    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(company))
    where = ["--environment=dev", f"--registry={lab.dev}", "--plain-http"]
    done = CliRunner().invoke(app, ["build", *where])

    assert done.exit_code == 0, done.output
    assert f'image_digest = "{lab.registries.digest_of(built)}"' in done.output


def test_the_image_is_told_to_later_jobs_of_github(
    lab: Lab, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = lab.signed()
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))

    where = ["--environment=prod", f"--registry={lab.prod}", "--plain-http"]
    signers = f"--signers={lab.company.folder}"

    done = CliRunner().invoke(app, ["promote", str(image), *where, signers])

    assert done.exit_code == 0, done.output
    assert (tmp_path / "outputs").read_text() == (
        f"image={lab.target}:{image.tag}@{image.digest}\nreference={lab.target}@{image.digest}\n"
    )


def test_registries_are_signed_in_to_as_az_is(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    az = tmp_path / "az"
    az.write_text("#!/bin/sh\necho a-token\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    lab.registries.sign_in(lab.dev)

    kept = json.loads((tmp_path / "config.json").read_text())["auths"][lab.dev]["auth"]
    assert base64.b64decode(kept) == b"00000000-0000-0000-0000-000000000000:a-token"


def test_an_az_that_is_not_signed_in_is_told(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    az = tmp_path / "az"
    az.write_text("#!/bin/sh\necho run az login >&2; exit 1\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(ReleaseError, match="run az login"):
        lab.registries.sign_in(lab.dev)
