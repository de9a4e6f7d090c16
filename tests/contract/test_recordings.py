"""What azurerm sent for the two example environments and a seed, held to Microsoft's own types.

`recordings/` holds the PUTs and PATCHes of a rehearsal of each on the loopback Azure, by the real
azurerm 4.81.0 on 2026-11-27 and 28: bodies that azurerm makes, to plant faults in.
"""

import copy
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from terraform_runner.errors import BadInputError

from tests.parts.skips import not_given
from tools.contract import recorded
from tools.contract.recorded import RecordedRequest
from tools.contract.type_files import PINS, TypeFiles
from tools.contract.verdict import judge

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.jsonl"))
FOLDER = "MICROSOFT_TYPES"
GONE = object()


@pytest.fixture(scope="module")
def types() -> TypeFiles:
    """Microsoft's types: the folder that MICROSOFT_TYPES names, else the user's cache or GitHub."""
    named = os.environ.get(FOLDER)
    files = TypeFiles(Path(named) if named else None)
    try:
        for api in sorted({request.api for request in recorded.read(RECORDINGS)}):
            files.of(api)
    except BadInputError as error:
        not_given(f"Microsoft's types cannot be had here: {error}")
    return files


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda file: str(file.stem))
def test_what_azurerm_sends_is_as_microsoft_says(recording: Path, types: TypeFiles) -> None:
    verdict = judge(recorded.read([recording]), types)

    assert list(map(str, verdict.faults)) == []
    assert verdict.types > 25


def test_the_types_of_everything_recorded_are_pinned() -> None:
    pinned = tomllib.loads(PINS.read_text(encoding="utf-8"))["files"]

    assert {request.api for request in recorded.read(RECORDINGS)} == set(pinned)


PLANTED: list[tuple[str, str, Any]] = [
    ("Microsoft.Network/natGateways", "sku.name", "Premium"),
    ("Microsoft.Network/natGateways", "properties.idleTimeoutInMinutes", "4"),
    ("Microsoft.Network/virtualNetworks/subnets", "properties.adressPrefix", "10.0.0.0/24"),
    (
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        "properties.allowForwarding",
        True,
    ),
    ("Microsoft.Authorization/roleAssignments", "properties.principalId", GONE),
    ("Microsoft.Authorization/locks", "properties.level", "Never"),
    ("Microsoft.KeyVault/vaults", "properties.tenantId", "contoso"),
    ("Microsoft.KeyVault/vaults", "properties.sku.name", "basic"),
    ("Microsoft.Storage/storageAccounts", "kind", GONE),
    ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS2"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "properties.storage.storageSizeGB", "64"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "sku.tier", "Cheap"),
    ("Microsoft.ContainerService/managedClusters", "properties.networkProfile.podCidr", "10/8"),
    ("Microsoft.ContainerService/managedClusters", "properties.enableRBAC", "yes"),
    ("Microsoft.ContainerService/managedClusters/agentPools", "properties.osType", "BeOS"),
    ("Microsoft.ContainerRegistry/registries", "sku.name", GONE),
    ("Microsoft.AlertsManagement/prometheusRuleGroups", "properties.scopes", GONE),
    ("Microsoft.Insights/metricAlerts", "properties.evaluationFrequency", GONE),
    ("Microsoft.Consumption/budgets", "properties.amount", "100"),
    ("Microsoft.Dashboard/grafana", "properties.publicNetworkAccess", "Maybe"),
]


@pytest.mark.parametrize(("type_", "path", "value"), PLANTED)
def test_a_fault_planted_in_a_real_body_is_found(
    type_: str, path: str, value: object, types: TypeFiles
) -> None:
    sent = next(r for r in recorded.read(RECORDINGS) if (r.type, r.method) == (type_, "PUT"))
    planted = RecordedRequest(**{**vars(sent), "body": _planted(sent.body, path, value)})

    found = {answer.finding.path for answer in judge([planted], types).faults}

    assert found == {path}


def _planted(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    *way, last = path.split(".")
    inner = changed
    for name in way:
        inner = inner[name]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return changed
