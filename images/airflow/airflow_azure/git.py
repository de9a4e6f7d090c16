"""DAGs from a repository of Azure DevOps, read as the pod's own identity: no key, no token kept.

Microsoft Entra tokens open Azure Repos as a personal access token does (learn.microsoft.com: "Use
service principals and managed identities in Azure DevOps"). The identities of the DAG processor,
the triggerer and the workers are added to the organization as users, with *Read* on the repository.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.git.bundles.git import GitDagBundle
from airflow.providers.git.hooks.git import GitHook

from airflow_azure.tokens import EntraToken

# Azure DevOps, in every tenant
SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default"


class EntraGitHook(GitHook):
    """Signs in with a token that is fetched for each use: Entra's live for an hour."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._token = EntraToken(SCOPE, os.environ)

    @contextmanager
    def configure_hook_env(self) -> Iterator[None]:
        """Give git the token, by a helper that answers for the repository's host alone.

        Raises:
            PasswordUnavailableError: Entra gives no token; the message says what to check.
        """
        self.auth_token = self._token()
        with super().configure_hook_env():
            yield


class EntraGitDagBundle(GitDagBundle):
    """A bundle of Airflow's own kind whose repository takes the pod's identity."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hook = EntraGitHook(git_conn_id=self.git_conn_id, repo_url=self.repo_url)
