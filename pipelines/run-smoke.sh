#!/usr/bin/env bash
# Runs a DAG in a deployed environment and reads its log back, as the deployer may by Kubernetes.
# Needs kubectl and kubelogin: az aks install-cli. Nothing is left of it but the run.
set -euo pipefail

for program in kubectl kubelogin; do
  command -v "$program" >/dev/null || { echo "$program: not found; needed to enter the cluster; fix: az aks install-cli" >&2; exit 2; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export KUBECONFIG="$folder/config"
python=.venv/bin/python
[ -x "$python" ] || python=python # in a company's repository ./product brings it
cluster=$("$python" -m tools.azure_names cluster --environment "$1")
group=$("$python" -m tools.azure_names cluster-group --environment "$1")
az aks get-credentials --resource-group "$group" --name "$cluster" --file "$KUBECONFIG" --only-show-errors
kubelogin convert-kubeconfig --login azurecli
# Logs and import errors are written by others: agents must read no command of theirs in
# it, however many signs stand in a row
kubectl exec --namespace airflow deployment/airflow-api-server --container api-server -- python -m airflow_azure.smoke_run 2>&1 \
  | sed --unbuffered 's/##\+/#/g; s/::\+/:/g'
