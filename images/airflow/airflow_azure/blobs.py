"""What the DAG bundle asks of Blob storage, with errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobServiceClient, ContainerClient

# The DAG processor must not stop: its next refresh is the retry
IMPATIENT: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 20}


class StorageUnavailableError(Exception):
    """Storage gives no answer, or refuses; the message names account, container and remedy."""


class BlobChangedError(Exception):
    """A blob is not any more what the listing said."""


class BlobMissingError(Exception):
    """There is no such blob."""


@dataclass(frozen=True)
class Blob:
    """One line of a listing."""

    name: str
    etag: str
    size: int
    modified: datetime


class Container:
    """A Blob container, reached through an Airflow connection of type `wasb`.

    A connection with a host and no password uses the pod's identity.
    """

    def __init__(self, name: str, conn_id: str) -> None:
        self.name = name
        self._conn_id = conn_id

    @cached_property
    def _client(self) -> ContainerClient:
        service = WasbHook(self._conn_id).get_conn()
        assert isinstance(service, BlobServiceClient)
        return service.get_container_client(self.name)

    @property
    def url(self) -> str:
        """The container's address, without a query: a SAS token may be there."""
        return self._client.url.partition("?")[0]

    def files(self, prefix: str) -> Iterator[Blob]:
        """Yield the files below the prefix, not the folders that a hierarchical account lists."""
        with self._told("list"):
            listing = self._client.list_blobs(prefix, include=["metadata"], **IMPATIENT)
            for blob in listing:
                if (blob.metadata or {}).get("hdi_isfolder") != "true":
                    yield Blob(blob.name, blob.etag, blob.size, blob.last_modified)

    def read(self, blob: Blob) -> bytes:
        """Return the content that the listing promised.

        Raises:
            BlobChangedError: it was replaced or deleted since.
        """
        same: dict[str, Any] = {"etag": blob.etag, "match_condition": MatchConditions.IfNotModified}
        try:
            with self._told("read"):
                content = self._client.download_blob(blob.name, **same, **IMPATIENT).readall()
        except (ResourceModifiedError, BlobMissingError) as error:
            raise BlobChangedError(blob.name) from error
        return bytes(content)

    def fetch(self, name: str) -> bytes:
        """Return a blob's content, with the patience of the connection's own retries.

        Raises:
            BlobMissingError: there is none.
        """
        with self._told("read"):
            return bytes(self._client.download_blob(name).readall())

    def has(self, name: str) -> bool:
        """Say whether there is a blob of that name."""
        with self._told("read"):
            return bool(self._client.get_blob_client(name).exists(**IMPATIENT))

    def etag(self, name: str) -> str:
        """Return what changes with every write of a blob; empty where there is none."""
        try:
            with self._told("read"):
                found = self._client.get_blob_client(name).get_blob_properties(**IMPATIENT)
        except BlobMissingError:
            return ""
        return str(found.etag).strip('"')  # a listing has it without them

    def publish(self, name: str, content: bytes) -> None:
        """Write a blob whose name tells its content; if it is there, only renew its date."""
        with self._told("write"):
            blob = self._client.get_blob_client(name)
            if blob.exists(**IMPATIENT):
                blob.set_blob_metadata({}, **IMPATIENT)
            else:
                blob.upload_blob(content, overwrite=True, **IMPATIENT)

    def delete(self, name: str) -> None:
        """Delete a blob, if it is there."""
        try:
            with self._told("delete"):
                self._client.delete_blob(name, **IMPATIENT)
        except BlobMissingError:
            return

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        where = f"cannot {action} container {self.name} (connection {self._conn_id}, {self.url})"
        try:
            yield
        except ResourceModifiedError:
            raise
        except ResourceNotFoundError as error:
            code = getattr(error, "error_code", None)  # the storage client adds it
            if code == "ContainerNotFound":
                text = f"{where}: it does not exist; create it, or correct the bundle's name for it"
                raise StorageUnavailableError(text) from error
            raise BlobMissingError(str(code)) from error
        except ClientAuthenticationError as error:
            text = f"{where}: sign-in failed: {_first_line(error)}; check the pod's identity"
            raise StorageUnavailableError(text) from error
        except HttpResponseError as error:
            role = "Reader" if action in ("list", "read") else "Contributor"
            text = f"{where}: {_first_line(error)}"
            if error.status_code == 403:
                text += f"; grant its identity the role Storage Blob Data {role} on the container"
            raise StorageUnavailableError(text) from error
        except AzureError as error:
            raise StorageUnavailableError(f"{where}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
