"""The data container as a folder, for tools that can read nothing but files."""

from conventions.components import WORKER
from conventions.containers import DATA
from environments.model import Environment
from helm_values.airflow.placement import for_tasks
from helm_values.airflow.pods import USER
from helm_values.charts import AIRFLOW
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values

NAME = "airflow-data"
FOLDER = "/mnt/data"


def scratch_values(env: Environment) -> Values:
    """Return the mount of the folder into every task's pod."""
    if not env.airflow.scratch_volume:
        return {}
    return for_tasks(
        env,
        {
            "extraVolumes": [{"name": "data", "persistentVolumeClaim": {"claimName": NAME}}],
            "extraVolumeMounts": [{"name": "data", "mountPath": FOLDER}],
        },
    )


def scratch_objects(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return the volume and its claim: blobfuse2, as the workers' identity.

    The driver ignores fsGroup, so the mount names the user; a hierarchical namespace needs
    `--use-adls` ("Azure Blob storage CSI driver", preview with workload identity).
    """
    if not env.airflow.scratch_volume:
        return []
    size = {"storage": "5Ti"}  # Kubernetes wants a number; Blob storage has no quota
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": NAME},
            "spec": {
                "capacity": size,
                "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "",
                "mountOptions": [
                    "-o allow_other",
                    f"-o uid={USER}",
                    "-o gid=0",
                    "--use-adls=true",
                    "--file-cache-timeout-in-seconds=120",
                ],
                "csi": {
                    "driver": "blob.csi.azure.com",
                    "volumeHandle": f"{env.workload}-{env.name}-data",
                    "volumeAttributes": {
                        "protocol": "fuse2",
                        "containerName": DATA,
                        "storageAccount": infra.storage_account_name,
                        "resourceGroup": infra.storage_resource_group_name,
                        "clientID": infra.identities[WORKER].client_id,
                        "mountWithWorkloadIdentityToken": "true",
                    },
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": NAME, "namespace": AIRFLOW.namespace},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "storageClassName": "",
                "volumeName": NAME,
                "resources": {"requests": size},
            },
        },
    ]
