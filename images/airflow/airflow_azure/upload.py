"""Uploads a folder of DAGs as one version: `python -m airflow_azure.upload FOLDER ...`.

The files come first, the marker that makes a version of them last. The DAG bundle looks at the
marker alone, so an upload that breaks off changes nothing in Airflow, and running it again is its
cure. It runs on an agent or a laptop, without Airflow; it needs azure-storage-blob.

Exit status: 0 uploaded, 1 not uploaded, 2 wrong arguments.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import ContainerClient

from airflow_azure import marker, snapshot
from airflow_azure.given_token import GivenToken, command
from airflow_azure.marker import Marker
from airflow_azure.snapshot import SnapshotError

TOKEN = "STORAGE_ACCESS_TOKEN"
GET_TOKEN = command(TOKEN, "https://storage.azure.com")
DIGEST = "sha256"  # metadata of each file: what is the same already is not sent again


class UploadError(Exception):
    """The upload did not end; the message says why, and Airflow keeps what it has."""


class Upload:
    """One folder on its way to a folder of a container.

    Args:
        client: of the container that Airflow reads DAGs from.
        folder: the files.
        target: the team's folder in the container.
    """

    def __init__(self, client: ContainerClient, folder: Path, target: str) -> None:
        self._client = client
        self._folder = folder
        self._prefix = f"{target.strip('/')}/"
        self._digests = snapshot.digests_of(folder)
        sizes = {path: (folder / path).stat().st_size for path in self._digests}
        snapshot.check_limits(sizes, str(folder))

    def run(self, commit: str) -> str:
        """Upload what changed, then the marker; delete what is not of this version.

        Returns:
            One line that says what happened.

        Raises:
            UploadError: another upload runs in the same folder.
            azure.core.exceptions.AzureError: storage is away or refuses.
        """
        before = self._listing()
        etags = {path: etag for path, (etag, digest) in before.items() if self._same(path, digest)}
        changed = [path for path in self._digests if path not in etags]
        with ThreadPoolExecutor(8) as pool:
            etags |= dict(zip(changed, pool.map(self._send, changed), strict=True))
        self._refuse_a_second_upload(etags)
        upload = Marker(commit, self._digests)
        self._client.upload_blob(self._prefix + marker.NAME, upload.as_json(), overwrite=True)
        # only now: till here the last version's files were needed
        gone = [path for path in before if path not in self._digests and path != marker.NAME]
        for path in gone:
            self._client.delete_blob(self._prefix + path)
        return (
            f"version {upload.version} of commit {commit}: {len(self._digests)} files, "
            f"{len(changed)} uploaded, {len(gone)} deleted"
        )

    def _listing(self) -> dict[str, tuple[str, str]]:
        """Return the ETag and the digest of each file that is there, by path."""
        return {
            blob.name.removeprefix(self._prefix): (
                blob.etag.strip('"'),
                (blob.metadata or {}).get(DIGEST, ""),
            )
            for blob in self._client.list_blobs(self._prefix, include=["metadata"])
            if (blob.metadata or {}).get("hdi_isfolder") != "true"
        }

    def _same(self, path: str, digest: str) -> bool:
        return self._digests.get(path) == digest

    def _send(self, path: str) -> str:
        sent: dict[str, Any] = self._client.get_blob_client(self._prefix + path).upload_blob(
            (self._folder / path).read_bytes(),
            overwrite=True,
            metadata={DIGEST: self._digests[path]},
        )
        return str(sent["etag"]).strip('"')

    def _refuse_a_second_upload(self, etags: dict[str, str]) -> None:
        now = {path: etag for path, (etag, _) in self._listing().items()}
        others = sorted(path for path in etags if now.get(path) != etags[path])
        if others:
            raise UploadError(
                f"{others[0]} was written by somebody else meanwhile: two uploads of the folder "
                f"{self._prefix} run at once; wait for the other, then run this one again"
            )


def main(
    folder: Annotated[Path, typer.Argument(help="The folder with the DAG files.")],
    account: Annotated[str, typer.Option(help="https://<account>.blob.core.windows.net")],
    target: Annotated[str, typer.Option(help="The team's folder in the container.")],
    commit: Annotated[str, typer.Option(help="What the files were checked out from.")],
    container: Annotated[str, typer.Option(help="The container of DAGs.")] = "dags",
) -> None:
    """Upload a folder of DAGs as one version; the token is read from STORAGE_ACCESS_TOKEN."""
    token = os.environ.get(TOKEN)
    if not token:
        raise _failed(f"{TOKEN} is not set; sign in with az login, then: {GET_TOKEN}", 2)
    if not folder.is_dir():
        raise _failed(f"{folder} is not a folder; give the folder that holds the DAG files", 2)
    if not target.strip("/"):
        raise _failed("--target is empty; give the team's folder, for example sales-data", 2)
    client = ContainerClient(account, container, credential=GivenToken(token))
    try:
        typer.echo(Upload(client, folder, target).run(commit))
    except (SnapshotError, UploadError) as error:
        raise _failed(str(error), 1) from error
    except AzureError as error:
        text = f"container {container} of {account}: {str(error).splitlines()[0]}"
        if isinstance(error, HttpResponseError) and error.status_code in (401, 403):
            text += "; the signed-in identity needs Storage Blob Data Contributor on that folder"
        raise _failed(text, 1) from error


def _failed(text: str, status: int) -> typer.Exit:
    typer.echo(f"{text}\nAirflow keeps the DAGs that it has.", err=True)
    return typer.Exit(status)


if __name__ == "__main__":
    typer.run(main)
