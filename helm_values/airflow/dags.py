"""Where DAGs come from: the blob container, a Git repository, or the image."""

import json

from conventions.containers import DAG_VERSIONS, DAGS
from environments.dags import PLATFORM_TEAM, GitDags, Team
from environments.model import Environment
from helm_values.merge import Values

# How long an upload waits at most for the DAG processor's look; the pages name this number
REFRESH_SECONDS = 10
BY_IDENTITY = "git_by_identity"
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
SMOKE: Values = {  # the one DAG by which each deployment sees that tasks run
    "name": "platform_smoke",
    "classpath": LOCAL,
    "kwargs": {"path": "/opt/airflow/platform/airflow_azure/smoke_dags"},
}


def dag_values(env: Environment) -> Values:
    """Return the DAG bundles; every component reads them from Airflow's configuration.

    Airflow puts a bundle's folder on `sys.path`. So each team's folder is a bundle of its own: a
    team's `from rows import ...` finds its own `rows.py`, and no other team's.

    With DAGs in the image it is the folder that Airflow looks into by itself.

    The chart's own list takes no lists among the arguments, as the folders of a sparse checkout
    are, and writes `%20` of an address as it is, which airflow.cfg cannot hold. So it stays for
    what `chart_values` adds.
    """
    if env.airflow.dags == "image":
        bundles: list[Values] = [{"name": "dags-folder", "classpath": LOCAL, "kwargs": {}}]
    elif env.airflow.git is not None:
        bundles = [_git_bundle(env.airflow.git)]
    else:
        teams = {PLATFORM_TEAM: Team(), **env.teams}
        bundles = [_team_bundle(name, team) for name, team in teams.items()]
    ours = f"fromJsonArray `{json.dumps([*bundles, SMOKE])}`"  # which knows no backquote
    listed = f"concat ({ours}) .Values.dagProcessor.dagBundleConfigList | toJson"
    return {
        "dagProcessor": {"dagBundleConfigList": []},
        "config": {
            "dag_processor": {
                "dag_bundle_config_list": f'{{{{ {listed} | replace "%" "%%" }}}}',
            }
        },
    }


def _team_bundle(name: str, team: Team) -> Values:
    return {
        "name": name,
        "classpath": "airflow_azure.bundle.BlobDagBundle",
        "kwargs": {
            "container": DAGS,
            "versions_container": DAG_VERSIONS,
            "prefix": name,
            "keep_versions_days": team.keep_versions_days,
            "refresh_interval": REFRESH_SECONDS,
        },
    }


def _git_bundle(git: GitDags) -> Values:
    return {
        "name": "dags",
        "classpath": "airflow_azure.git.EntraGitDagBundle"
        if git.identity
        else "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {
            # A private repository's credentials come from the Airflow connection `git_default`
            **({"git_conn_id": BY_IDENTITY} if git.identity else {}),
            "repo_url": git.repository,
            "tracking_ref": git.branch,
            "subdir": git.subdirectory,
            **({"sparse_dirs": list(git.sparse_dirs)} if git.sparse_dirs else {}),
            "refresh_interval": 60,  # a fetch each, from a server that is not ours
        },
    }
