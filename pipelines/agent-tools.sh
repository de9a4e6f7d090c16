#!/usr/bin/env bash
# Installs what deployments need on Ubuntu 24.04, as root, and leaves alone what is there: Azure CLI,
# Terraform, kubectl, kubelogin, buildah, Docker, jq, unzip. Microsoft's image for agents lacks
# Terraform and kubelogin; the jump host runs this at its first start.
set -euo pipefail

terraform_version=1.11.4
# of this version in HashiCorp's signed list: the server that has the archive is not asked
terraform_digest=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc
kubelogin_version=v0.2.19
export DEBIAN_FRONTEND=noninteractive

# From the distribution's own archive, whose packages are signed
missing=()
for pair in buildah:buildah docker:docker.io jq:jq unzip:unzip make:make git:git curl:curl; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  apt-get install -qq --yes --no-install-recommends ca-certificates "${missing[@]}" >/dev/null
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! command -v az >/dev/null; then
  curl -fsSL https://packages.microsoft.com/keys/microsoft.asc -o /usr/share/keyrings/microsoft.asc
  echo "deb [signed-by=/usr/share/keyrings/microsoft.asc] https://packages.microsoft.com/repos/azure-cli/ noble main" \
    >/etc/apt/sources.list.d/azure-cli.list
  apt-get update -qq
  apt-get install -qq --yes azure-cli >/dev/null
fi

if ! command -v terraform >/dev/null; then
  archive="terraform_${terraform_version}_linux_amd64.zip"
  base="https://releases.hashicorp.com/terraform/$terraform_version"
  cd "$folder"
  curl -fsSLO "$base/$archive"
  echo "$terraform_digest  $archive" | sha256sum --check --quiet
  unzip -qo "$archive" terraform -d /usr/local/bin
fi

if ! command -v kubelogin >/dev/null || ! command -v kubectl >/dev/null; then
  az aks install-cli --only-show-errors --kubelogin-version "$kubelogin_version" \
    --install-location /usr/local/bin/kubectl --kubelogin-install-location /usr/local/bin/kubelogin
fi

for program in az buildah docker git jq kubectl kubelogin make terraform unzip; do
  command -v "$program" >/dev/null || { echo "$program: was not installed" >&2; exit 1; }
done
