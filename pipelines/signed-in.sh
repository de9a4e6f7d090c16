#!/usr/bin/env bash
# Runs a command that starts Terraform, signed in as the service connection of an AzureCLI@2 task.
set -euo pipefail

export ARM_USE_OIDC=true ARM_USE_AZUREAD=true ARM_USE_CLI=false
export ARM_CLIENT_ID="${servicePrincipalId:?addSpnToEnvironment: true is missing}" ARM_TENANT_ID="$tenantId"
# the connection rather than its token: backend and providers fetch a new one whenever one ends
export ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID="$AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
ARM_SUBSCRIPTION_ID="$(az account show --query id --output tsv)"
export ARM_SUBSCRIPTION_ID

exec "$@"
