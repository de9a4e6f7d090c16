"""Reads what service accounts may do in the cluster, where their pods lead, and who bounds them.

The objects beside the charts stand in cdktf.out. Those of Airflow's chart are rendered by Helm's
own library, where it and the chart are at hand; else the report says what is missing.
"""

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from conventions.components import API_SERVER, COMPONENTS, MIGRATIONS, WORKER
from conventions.service_accounts import AIRFLOW_NAMESPACE, CERTIFICATE_ACCOUNTS, TASKS_NAMESPACE
from helm_values.charts import AIRFLOW, NGINX
from synthesis.resources import EnvironmentStacks, Resource
from tools.attack_paths.facts import Admission, ClusterSecret, Pod, Right, Unverified
from tools.charts import BESIDE, FOLDER
from tools.network_flows import Pod as Place
from tools.network_flows import passes
from tools.rendered_chart import Objects, objects_of_package

NO_CHART = "the Roles of Airflow's own chart: {reason}; `make charts` brings it"
RUNS_AS = re.compile(r"object\.spec\.serviceAccountName == '([\w-]+)'")
OF_A_TASK = f"object.metadata.labels['component'] == '{WORKER.label}'"
IDENTITY = re.compile(r"outputs\.(\w+_identity)_client_id")
POD_OF_TASK = "pod of a task"
CONTROLLER = "ingress controller"


def values(release: Resource) -> dict[str, Any]:
    """Return the values of a Helm release; what Terraform fills in stays an expression."""
    found: dict[str, Any] = json.loads(release.get("values") or "{}")
    return found


def values_of(here: EnvironmentStacks, chart: str) -> dict[str, Any]:
    """Return the values of the release of a chart; nothing where it is not installed."""
    releases = (r for r in here.resources("helm_release") if r.get("chart") == chart)
    return next((values(release) for release in releases), {})


def objects_beside(here: EnvironmentStacks) -> Objects:
    """Return the objects that the stacks install themselves."""
    return [
        found
        for release in here.resources("helm_release")
        for found in values(release).get("objects", [])
    ]


def objects_of_chart(here: EnvironmentStacks) -> tuple[Objects, list[str]]:
    """Return the objects of Airflow's chart, and what could not be read."""
    releases = [r for r in here.resources("helm_release") if r.get("chart") == "airflow"]
    if not releases:
        return [], []
    release = releases[0]
    name = f"airflow-{release.get('version')}.tgz"
    file = next((f for f in (BESIDE / name, FOLDER / name) if f.is_file()), None)
    if file is None:
        return [], [NO_CHART.format(reason=f"{name} is not here")]
    try:
        return objects_of_package(file, AIRFLOW, values(release)), []
    except ImportError:
        return [], [NO_CHART.format(reason="Helm's library has no wheel for this machine")]


def rights(objects: Objects) -> Iterator[Right]:
    """Yield what Roles give to accounts by their bindings."""
    roles = {
        (o["kind"], o["metadata"].get("namespace", AIRFLOW_NAMESPACE), o["metadata"]["name"]): o
        for o in objects
        if o["kind"] in ("Role", "ClusterRole")
    }
    by_name = {(kind, name): role for (kind, _, name), role in roles.items()}
    for binding in objects:
        if binding["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        own = binding["metadata"].get("namespace", AIRFLOW_NAMESPACE)
        ref = binding["roleRef"]
        role = roles.get((ref["kind"], own, ref["name"])) or by_name.get((ref["kind"], ref["name"]))
        where = "*" if binding["kind"] == "ClusterRoleBinding" else own
        for subject in binding.get("subjects") or []:
            if subject["kind"] == "ServiceAccount":
                account = f"{subject.get('namespace', own)}/{subject['name']}"
                for verb, resource in _rules(role):
                    yield Right(account=account, namespace=where, verb=verb, resource=resource)


def _rules(role: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    for rule in (role or {}).get("rules") or []:
        yield from product(rule.get("verbs", []), rule.get("resources", []))


def admissions(objects: Objects) -> Iterator[Admission]:
    """Yield the policies of ours that refuse pods.

    A condition that is not understood bounds nothing here: a path too many is better than one that
    is missing.
    """
    policies = {
        o["metadata"]["name"]: o["spec"]
        for o in objects
        if o["kind"] == "ValidatingAdmissionPolicy"
    }
    for binding in objects:
        if binding["kind"] != "ValidatingAdmissionPolicyBinding":
            continue
        policy = policies[binding["spec"]["policyName"]]
        selector = binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"]
        said = [validation["expression"] for validation in policy["validations"]]
        account = next((found for text in said if (found := RUNS_AS.search(text))), None)
        default = any("serviceAccountName == 'default'" in text for text in said)
        whom = " ".join(c["expression"] for c in policy.get("matchConditions", []))
        yield Admission(
            accounts=frozenset(
                f"{namespace}/{name}"
                for namespace, name in re.findall(r"serviceaccount:([\w-]+):([\w-]+)", whom)
            ),
            namespace=selector["kubernetes.io/metadata.name"],
            runs_as="default" if default else account[1] if account else "",
            secrets=not (
                any("secretKeyRef" in text and "secretRef" in text for text in said)
                and any("!has(e.secret)" in text and "projected" in text for text in said)
            ),
            labels=not any(OF_A_TASK in text for text in said),
        )


def cluster_secrets(objects: Objects) -> Iterator[ClusterSecret]:
    """Yield the Secrets that the CSI driver makes of what lies in the vault."""
    found = {
        (o["metadata"].get("namespace", AIRFLOW_NAMESPACE), made["secretName"], data["objectName"])
        for o in objects
        if o["kind"] == "SecretProviderClass"
        for made in o["spec"].get("secretObjects", [])
        for data in made["data"]
    }
    for namespace, name, secret in sorted(found):
        yield ClusterSecret(namespace=namespace, name=name, secret=secret)


def unverified(objects: Objects) -> Iterator[Unverified]:
    """Yield what asks the database and does not look whose certificate it is shown."""
    becomes = {
        (o["kind"], o["metadata"]["name"]): str(o["spec"]["podIdentity"]["identityId"])
        for o in objects
        if o["kind"] == "TriggerAuthentication" and "podIdentity" in o["spec"]
    }
    for scaled in (o for o in objects if o["kind"] == "ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            mode = trigger["metadata"].get("sslmode")
            name = trigger.get("authenticationRef", {}).get("name")
            identity = IDENTITY.search(becomes.get(("TriggerAuthentication", name), ""))
            if trigger["type"] == "postgresql" and mode != "verify-full" and identity:
                yield Unverified(what="KEDA", who=identity[1])


def pods(here: EnvironmentStacks, objects: Objects) -> Iterator[Pod]:
    """Yield where code runs: Airflow's components, what stands before them, and tasks' own pods."""
    policies = [o for o in objects if o["kind"] == "NetworkPolicy"]
    airflow = values_of(here, "airflow")
    server = _inside(here, "azurerm_kubernetes_cluster", "api_server_access_profile.subnet_id")
    target = Place(
        AIRFLOW_NAMESPACE,
        {"tier": "airflow", "release": "airflow", "component": API_SERVER.label},
    )
    subjects = {
        component: next(
            (
                str(c.get("subject")).split(":")[2:]
                for c in here.resources("azurerm_federated_identity_credential")
                if c.get("name") == component.label
            ),
            list(component.service_account),
        )
        for component in COMPONENTS
    }
    for component, (namespace, account) in subjects.items():
        labels = {"tier": "airflow", "release": "airflow", "component": component.label}
        place = Place(namespace, labels)
        own = (airflow.get(component.chart_key) or {}).get("serviceAccount", {})
        token = own.get("automountServiceAccountToken", component != MIGRATIONS)
        yield Pod(
            name=component.label,
            namespace=namespace,
            account=f"{namespace}/{account}",
            asks_kubernetes=token and (not server or passes(policies, place, server, 443)),
            asks_airflow=passes(policies, place, target, 8080),
        )
    if values_of(here, NGINX.name):
        controller = CERTIFICATE_ACCOUNTS["key_vault"]
        yield Pod(
            name=CONTROLLER,
            namespace=controller.namespace,
            account=f"{controller.namespace}/{controller.name}",
            asks_airflow=False,  # it passes on what users ask
        )
    place = Place(TASKS_NAMESPACE, {"kubernetes_pod_operator": "True"})
    if any(o["metadata"]["name"] == TASKS_NAMESPACE for o in objects if o["kind"] == "Namespace"):
        yield Pod(
            name=POD_OF_TASK,
            namespace=TASKS_NAMESPACE,
            account=f"{TASKS_NAMESPACE}/default",
            asks_airflow=passes(policies, place, target, 8080),
        )


def _inside(here: EnvironmentStacks, kind: str, path: str) -> str:
    """Return an address of the subnet that a resource stands in; empty if it is another team's."""
    for resource in here.resources(kind):
        for subnet in here.referred(resource.stack, resource.get(path)):
            if subnet.type == "azurerm_subnet":
                address, _, _ = str(subnet.get("address_prefixes")).partition("/")
                start, _, last = address.rpartition(".")
                return f"{start}.{int(last) + 4}"
    return ""
