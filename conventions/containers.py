"""Containers of the data lake."""

DAGS = "dags"
DAG_VERSIONS = "dag-versions"
LOGS = "logs"
DATA = "data"
CONTAINERS = (DAGS, DAG_VERSIONS, LOGS, DATA)
