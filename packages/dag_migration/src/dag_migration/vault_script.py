"""The shell script that moves secrets from the old Airflow into Key Vault, with no file between."""

import shlex
from collections.abc import Sequence

from dag_migration.model import SettingsReport

HEAD = r"""#!/usr/bin/env bash
# Moves secrets from the old Airflow to Azure Key Vault. This file holds names, never a value: each
# value goes from the old system through a pipe into the vault.
#
#   VAULT=kv-airflow-prod OLD_AIRFLOW="airflow" bash secrets-to-key-vault.sh
#
# OLD_AIRFLOW is the command that runs Airflow 2's CLI, for example
#   OLD_AIRFLOW="kubectl exec -i deploy/airflow-scheduler -- airflow"
# TEAM_VAULTS names the vaults of teams that have one, for example
#   TEAM_VAULTS="sales-data=kv-sales finance=kv-finance"
# what begins with a team's name, as sales_data_shop, goes there, and the rest to VAULT.
# Needs: az (signed in, role "Key Vault Secrets Officer"), python3.
set -euo pipefail
: "${VAULT:?set VAULT to the name of the Key Vault}"
read -ra old_airflow <<<"${OLD_AIRFLOW:-airflow}"

vault_of() { # NAME: of the secret; the longest name of a team counts
  local vault=$VAULT longest="" team=""
  for pair in ${TEAM_VAULTS:-}; do
    team=${pair%%=*}
    if [[ ${1,,} =~ ^airflow-(connections|variables)-$team- && ${#team} -gt ${#longest} ]]; then
      vault=${pair#*=} longest=$team
    fi
  done
  echo "$vault"
}

store() { # NAME: the value comes on standard input
  az keyvault secret set --vault-name "$(vault_of "$1")" --name "$1" \
    --file /dev/stdin --encoding utf-8 --output none
  echo "stored $1" >&2
}

connection() { # CONNECTION SECRET
  "${old_airflow[@]}" connections get "$1" --output json </dev/null | python3 -c '
import json, sys
[old] = json.load(sys.stdin)
names = ("conn_type", "description", "host", "login", "password", "schema", "port")
new = {name: old[name] for name in names if old.get(name)}
print(json.dumps(new | {"extra": old.get("extra_dejson") or {}}), end="")' | store "$2"
}

variable() { # VARIABLE SECRET
  "${old_airflow[@]}" variables get "$1" </dev/null |
    python3 -c 'import sys; print(sys.stdin.read().removesuffix("\n"), end="")' | store "$2"
}

"""


def vault_script(reports: Sequence[SettingsReport]) -> str:
    """Return the script with the names of Airflow's Azure Key Vault backend; "" without secrets."""
    lines = [
        f"{report.kind.removesuffix('s')} {shlex.quote(name)} "
        f"airflow-{report.kind}-{name.replace('_', '-')}"
        for report in reports
        for name in report.vault
    ]
    return HEAD + "\n".join(lines) + "\n" if lines else ""
