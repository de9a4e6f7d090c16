"""Where DAGs come from: the blob container, a Git repository, or the image."""

from conventions.containers import DAG_VERSIONS, DAGS
from environments.airflow import Airflow
from helm_values.merge import Values, at


def dag_values(airflow: Airflow) -> Values:
    """Return the DAG bundle; every component reads it from Airflow's configuration.

    With DAGs in the image the chart's default stands: one bundle, the image's own folder.
    """
    if airflow.dags == "image":
        return {}
    return at("dagProcessor", {"dagBundleConfigList": [_bundle(airflow)]})


def _bundle(airflow: Airflow) -> Values:
    if airflow.git is None:
        return {
            "name": "dags",
            "classpath": "airflow_azure.bundle.BlobDagBundle",
            "kwargs": {"container": DAGS, "versions_container": DAG_VERSIONS},
        }
    return {
        "name": "dags",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {
            # A private repository's credentials come from the Airflow connection `git_default`.
            "repo_url": airflow.git.repository,
            "tracking_ref": airflow.git.branch,
            "subdir": airflow.git.subdirectory,
        },
    }
