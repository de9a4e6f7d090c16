"""Comments on the pull request that Azure Pipelines runs for: `TOPIC FILE`.

The comment of an earlier run on the same topic is rewritten, so that they do not pile up. Its
thread is closed when the text begins with a check mark, and open otherwise. The build service
needs the permission "Contribute to pull requests" on the repository.

Exit status: 0 told, or not a pull request of Azure Repos; 1 Azure DevOps refused; 2 no such file.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

API = "api-version=7.1"
ACTIVE, CLOSED = 1, 4  # CommentThreadStatus
TEXT = 1  # CommentType


class Threads:
    """The comment threads of one pull request (learn.microsoft.com: "Pull Request Threads")."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._url = (
            f"{variables['SYSTEM_COLLECTIONURI'].rstrip('/')}/"
            f"{quote(variables['SYSTEM_TEAMPROJECT'])}/_apis/git/repositories/"
            f"{variables['BUILD_REPOSITORY_ID']}/pullRequests/"
            f"{variables['SYSTEM_PULLREQUEST_PULLREQUESTID']}/threads"
        )
        self._token = variables["SYSTEM_ACCESSTOKEN"]

    def tell(self, topic: str, text: str) -> None:
        """Write the comment of a topic, or rewrite the one that is there."""
        marker = f"<!-- airflow-on-azure: {topic} -->"
        content = f"{marker}\n{text}"
        status = CLOSED if text.startswith("## ✅") else ACTIVE
        for thread in self._call("GET", "")["value"]:
            comments = thread.get("comments") or [{}]
            if not thread.get("isDeleted") and marker in (comments[0].get("content") or ""):
                path = f"/{thread['id']}"
                self._call("PATCH", f"{path}/comments/{comments[0]['id']}", {"content": content})
                self._call("PATCH", path, {"status": status})
                return
        comment = {"parentCommentId": 0, "content": content, "commentType": TEXT}
        self._call("POST", "", {"comments": [comment], "status": status})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self._url}{path}?{API}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def main(arguments: list[str], variables: Mapping[str, str]) -> int:
    """Comment, and return the exit status."""
    topic, file = arguments
    if variables.get("BUILD_REPOSITORY_PROVIDER") != "TfsGit":
        print("not a repository of Azure Repos: the run's summary has the text")
        return 0
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        print(f"{file}: {error.strerror}; the step that writes it did not get there")
        return 2
    try:
        Threads(variables).tell(topic, text)
    except KeyError as error:
        print(f"{error.args[0]} is not set: pass it in `env` of the step")
        return 1
    except urllib.error.HTTPError as error:
        print(
            f"Azure DevOps refused the comment: {error.code} {error.reason}; has the build "
            'service the permission "Contribute to pull requests" on this repository?'
        )
        return 1
    except urllib.error.URLError as error:
        print(f"Azure DevOps was not reached: {error.reason}")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:], os.environ))
