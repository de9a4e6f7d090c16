"""What Airflow's service accounts may do in the cluster: our own Roles, and what they may create.

The chart has one switch for scheduler, workers and triggerer together, and it gives all of them
`pods/exec`: a task could then read the keys out of the scheduler's pod. It is off.
"""

from conventions.components import LONG_RUNNING, SCHEDULER, TRIGGERER, WORKER
from conventions.service_accounts import AIRFLOW_NAMESPACE, TASKS_NAMESPACE
from conventions.vault_secrets import SHARED_SECRET
from environments.model import Environment
from helm_values.cluster.priority import CORE
from helm_values.cluster.rights import Rule, role
from helm_values.merge import Values

ADMISSION = "admissionregistration.k8s.io"
# KubernetesExecutor starts a pod for each task, watches it, adopts it and deletes it.
EXECUTOR_RULES: tuple[Rule, ...] = (
    ("pods", ["create", "get", "list", "watch", "patch", "delete"]),
    ("pods/log", ["get"]),
    ("events", ["list"]),
)
# KubernetesPodOperator, and its result by XCom: it runs a command in the sidecar. Clients ask with
# GET or POST, which are two verbs.
OPERATOR_RULES: tuple[Rule, ...] = (*EXECUTOR_RULES, ("pods/exec", ["create", "get"]))
# The trigger of a deferred KubernetesPodOperator waits for the pod.
TRIGGER_RULES: tuple[Rule, ...] = (
    ("pods", ["get", "list", "watch"]),
    ("pods/log", ["get"]),
    ("events", ["list"]),
)


def access_values() -> Values:
    """Return the chart's own rights on pods, switched off: `access_objects` replaces them."""
    return {"allowPodLaunching": False}


def access_objects(env: Environment) -> list[Values]:
    """Return Roles, and the admission policies that bound what their owners create."""
    objects = [
        *role(TASKS_NAMESPACE, "pods-of-tasks", OPERATOR_RULES, WORKER.service_account),
        *role(TASKS_NAMESPACE, "triggers", TRIGGER_RULES, TRIGGERER.service_account),
        *_admission(
            "airflow-pods",
            AIRFLOW_NAMESPACE,
            "Airflow's accounts start pods of tasks, and no other",
            {
                f"object.spec.serviceAccountName == '{WORKER.service_account.name}'": (
                    f"a pod that Airflow starts runs as {WORKER.service_account.name}"
                ),
                f"variables.containers.all(c, {_no_secret_variable(env)})": (
                    "a pod that Airflow starts has no variable from a Secret of the platform"
                ),
                f"{_each('object.spec', 'volumes', NO_SECRET_VOLUME)}": (
                    "a pod that Airflow starts mounts no Secret"
                ),
                IS_A_TASK: (
                    f"a pod that Airflow starts has the label component={WORKER.label}, and none "
                    "of Celery's workers: by another's labels it would be sent what is another's"
                ),
                BELOW_COMPONENTS: (
                    "a pod that Airflow starts has a priority below that of Airflow's components"
                ),
            },
        ),
        *_admission(
            "airflow-task-pods",
            TASKS_NAMESPACE,
            "Pods of KubernetesPodOperator have no rights of their own",
            {
                "!has(object.spec.serviceAccountName) || object.spec.serviceAccountName == "
                "'default'": "a pod that a task starts runs as the account `default`",
                BELOW_COMPONENTS: (
                    "a pod that a task starts has a priority below that of Airflow's components"
                ),
            },
        ),
    ]
    if env.airflow.runs_pods:
        objects += role(
            AIRFLOW_NAMESPACE, "pods-of-tasks", EXECUTOR_RULES, SCHEDULER.service_account
        )
    return objects


def _each(owner: str, field: str, condition: str) -> str:
    """Return CEL that is true if each element of a list fits, or there is no list."""
    return f"!has({owner}.{field}) || {owner}.{field}.all(e, {condition})"


def _no_secret_variable(env: Environment) -> str:
    """Return CEL that is true if a container has no variable from a Secret.

    The Secret that the environment file gives to all pods is excepted.
    """
    of_a_secret = "!has(e.valueFrom) || !has(e.valueFrom.secretKeyRef)"
    if env.airflow.env_from_key_vault:
        of_a_secret += f" || e.valueFrom.secretKeyRef.name == '{SHARED_SECRET}'"
    from_secrets = _each("c", "envFrom", "!has(e.secretRef)")
    return f"({from_secrets}) && ({_each('c', 'env', of_a_secret)})"


# In the language of Kubernetes' admission policies (CEL).
NO_SECRET_VOLUME = (
    "!has(e.secret) && !(has(e.csi) && e.csi.driver == 'secrets-store.csi.k8s.io') && "
    "(!has(e.projected) || !has(e.projected.sources) || "
    "e.projected.sources.all(s, !has(s.secret)))"
)

# Services, network policies, budgets and workloads find pods by these labels: a task whose
# `executor_config` says "component: api-server" would be handed other people's sign-ins.
IS_A_TASK = (
    "has(object.metadata.labels) && 'component' in object.metadata.labels && "
    f"object.metadata.labels['component'] == '{WORKER.label}' && "
    "!('worker-set' in object.metadata.labels)"
)
# Kubernetes ends running pods for one of a higher priority (it has filled in the number by then).
BELOW_COMPONENTS = f"!has(object.spec.priority) || object.spec.priority < {CORE}"


def _admission(name: str, namespace: str, what: str, validations: dict[str, str]) -> list[Values]:
    """Return a policy for the pods that Airflow's accounts create or change in a namespace.

    ("Validating Admission Policy", kubernetes.io; stable since 1.30)
    """
    accounts = [component.service_account.subject for component in (*LONG_RUNNING, WORKER)]
    containers = "object.spec.containers + (has(object.spec.initContainers) ? "
    return [
        {
            "apiVersion": f"{ADMISSION}/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name, "annotations": {"description": what}},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {
                    "resourceRules": [
                        {
                            "apiGroups": [""],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE", "UPDATE"],
                            "resources": ["pods", "pods/ephemeralcontainers"],
                        }
                    ]
                },
                "matchConditions": [
                    {
                        "name": "by-airflow",
                        "expression": f"request.userInfo.username in {accounts}",
                    }
                ],
                "variables": [
                    {
                        "name": "containers",
                        "expression": f"{containers}object.spec.initContainers : [])",
                    }
                ],
                "validations": [
                    {"expression": expression, "message": message}
                    for expression, message in validations.items()
                ],
            },
        },
        {
            "apiVersion": f"{ADMISSION}/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "matchResources": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
                },
            },
        },
    ]
