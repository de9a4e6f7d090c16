#!/usr/bin/env bash
# Refuses the deployment of an environment whose image is not in its registry, or not signed.
set -euo pipefail

python=.venv/bin/python
[ -x "$python" ] || python=python # in a company's repository ./product brings it
"$python" -m tools.release login "$1"
"$python" -m tools.release check --environment "$1"
