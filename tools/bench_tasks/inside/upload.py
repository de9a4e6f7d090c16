"""Uploads a folder of DAGs to the emulator: `upload.py CONNECTION_STRING FOLDER TARGET`."""
# mypy: ignore-errors

import sys
from pathlib import Path

from airflow_azure.upload import Upload
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

with BlobServiceClient.from_connection_string(sys.argv[1]) as service:
    for name in ("dags", "dag-versions", "airflow-logs"):
        try:
            service.create_container(name)
        except ResourceExistsError:
            continue
    print(Upload(service.get_container_client("dags"), Path(sys.argv[2]), sys.argv[3]).run("bench"))
