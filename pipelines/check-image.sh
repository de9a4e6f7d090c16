#!/usr/bin/env bash
# Refuses the deployment of an environment whose image is not in its registry, or not signed.
set -euo pipefail

.venv/bin/python -m tools.release login "$1"
.venv/bin/python -m tools.release check --environment "$1"
