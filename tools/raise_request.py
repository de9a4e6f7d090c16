"""Opens a pull request in Azure Repos: `BRANCH TITLE FILE...`; the files are its description.

One that is open for the branch already is left as it is: the branch was pushed to. The build
service needs "Contribute to pull requests" on the repository.

Exit status: 0 opened, or open already; 1 Azure DevOps refused or was not reached.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

LONGEST = 4000  # characters that a description may have
CONFLICT = 409  # there is one for the branch


def open_request(branch: str, title: str, description: str, variables: Mapping[str, str]) -> None:
    """Open it (learn.microsoft.com: "Pull Requests - Create").

    Raises:
        KeyError: a variable of Azure Pipelines is missing.
        OSError: Azure DevOps refused, or was not reached.
    """
    url = (
        f"{variables['SYSTEM_COLLECTIONURI'].rstrip('/')}/"
        f"{quote(variables['SYSTEM_TEAMPROJECT'])}/_apis/git/repositories/"
        f"{variables['BUILD_REPOSITORY_ID']}/pullrequests?api-version=7.1"
    )
    body = {
        "sourceRefName": f"refs/heads/{branch}",
        "targetRefName": "refs/heads/main",
        "title": title,
        "description": description[:LONGEST],
    }
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {variables['SYSTEM_ACCESSTOKEN']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def main(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Open the pull request, and return the exit status."""
    branch, title, *files = arguments
    texts = [Path(file).read_text(encoding="utf-8") for file in files if Path(file).exists()]
    try:
        open_request(branch, title, "\n\n".join(texts), variables)
    except KeyError as error:
        print(f"{error.args[0]} is not set: pass it in `env` of the step")
        return 1
    except urllib.error.HTTPError as error:
        if error.code == CONFLICT:
            print(f"a pull request is open for {branch} already; it shows what was pushed")
            return 0
        print(
            f"Azure DevOps refused the pull request: {error.code} {error.reason}; has the build "
            'service the permission "Contribute to pull requests" on this repository?'
        )
        return 1
    except OSError as error:
        print(f"Azure DevOps was not reached: {error}")
        return 1
    print(f"opened a pull request for {branch}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:], os.environ))
