"""What keeps an environment within its bounds: budget, Azure Policy, Defender plans."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cdktf_cdktf_provider_azurerm.consumption_budget_subscription import (
    ConsumptionBudgetSubscription,
    ConsumptionBudgetSubscriptionFilter,
    ConsumptionBudgetSubscriptionFilterTag,
    ConsumptionBudgetSubscriptionNotification,
    ConsumptionBudgetSubscriptionTimePeriod,
)
from cdktf_cdktf_provider_azurerm.resource_group_policy_assignment import (
    ResourceGroupPolicyAssignment,
)
from cdktf_cdktf_provider_azurerm.security_center_contact import SecurityCenterContact
from cdktf_cdktf_provider_azurerm.security_center_subscription_pricing import (
    SecurityCenterSubscriptionPricing,
    SecurityCenterSubscriptionPricingExtension,
)
from constructs import Construct

from conventions.service_accounts import MICROSOFTS_NAMESPACES
from conventions.tag_keys import ENVIRONMENT, WORKLOAD
from environments.model import Environment
from environments.monitoring import Monitoring


class DefenderPlan(NamedTuple):
    """A plan of Defender for Cloud: Azure sells some in one variant only, and adds no extras."""

    subplan: str | None = None
    extensions: tuple[str, ...] = ()


DEFENDER_PLANS = {
    "Containers": DefenderPlan(
        extensions=(
            "AgentlessDiscoveryForKubernetes",
            "ContainerRegistriesVulnerabilityAssessments",
            "ContainerSensor",
        )
    ),
    "KeyVaults": DefenderPlan("PerKeyVault"),
    "OpenSourceRelationalDatabases": DefenderPlan(),
    "StorageAccounts": DefenderPlan("DefenderForStorageV2", ("SensitiveDataDiscovery",)),
}
_DEFINITIONS = "/providers/Microsoft.Authorization"


class ClusterPolicy(NamedTuple):
    """A built-in definition for clusters, and what it asks for.

    The definitions are those of "Azure Policy built-in definitions for AKS" (learn.microsoft.com).
    """

    title: str
    definition: str
    parameters: Mapping[str, Any]


BASELINE = "policySetDefinitions/a8640138-9b0a-4a28-b8cb-1666c838647d"
HTTPS_INGRESS = "policyDefinitions/1a5b4dca-0b6f-4cf5-907c-56316bc1bf3d"
NO_PRIVILEGED_CONTAINERS = "policyDefinitions/95edb821-ddaf-4404-9732-666045e056b4"
ALLOWED_IMAGES = "policyDefinitions/febd0533-8e55-448f-b837-bd0e06f16469"
INTERNAL_LOAD_BALANCERS = "policyDefinitions/3fc4dc25-5baf-40d8-9b05-7fe74c1bc64e"


def add_budget(scope: Construct, env: Environment) -> None:
    """Mail the owner at 50 and 80 percent spent, and when the forecast passes the budget.

    Costs are found by the environment's tag, which the machines of the pools have too.
    """
    emails = list(env.monitoring.alert_emails)
    ConsumptionBudgetSubscription(
        scope,
        "budget",
        name=f"budget-{env.workload}-{env.name}",
        subscription_id=f"/subscriptions/{env.subscription_id}",
        amount=env.monitoring.monthly_budget,
        time_grain="Monthly",
        time_period=ConsumptionBudgetSubscriptionTimePeriod(
            start_date=f"{env.monitoring.budget_start}T00:00:00Z"
        ),
        filter=ConsumptionBudgetSubscriptionFilter(
            tag=[
                ConsumptionBudgetSubscriptionFilterTag(name=ENVIRONMENT, values=[env.name]),
                ConsumptionBudgetSubscriptionFilterTag(name=WORKLOAD, values=[env.workload]),
            ]
        ),
        notification=[
            ConsumptionBudgetSubscriptionNotification(
                enabled=True,
                operator="GreaterThanOrEqualTo",
                threshold=percent,
                threshold_type=kind,
                contact_emails=emails,
            )
            for percent, kind in ((50, "Actual"), (80, "Actual"), (100, "Forecasted"))
        ],
    )


def assign_policies(
    scope: Construct,
    *,
    resource_group_id: str,
    images: Mapping[str, str],
    internal: bool,
) -> None:
    """Assign Azure's built-in policies for clusters to the group.

    They audit all of the cluster, and deny in our own namespaces only: Microsoft's components run
    privileged in theirs, from Microsoft's registry.

    Args:
        scope: the stack.
        resource_group_id: the group of the cluster.
        images: for each of our namespaces the images that pods may start from, a regular
            expression as RE2 reads it.
        internal: whether a public load balancer is denied too, in all namespaces but Microsoft's.
    """
    for role, policy in _policies(images, internal=internal).items():
        ResourceGroupPolicyAssignment(
            scope,
            f"{role}_policy",
            name=role.replace("_", "-"),
            display_name=policy.title,
            resource_group_id=resource_group_id,
            policy_definition_id=f"{_DEFINITIONS}/{policy.definition}",
            parameters=json.dumps(
                {name: {"value": value} for name, value in policy.parameters.items()}
            ),
        )


def _policies(images: Mapping[str, str], *, internal: bool) -> dict[str, ClusterPolicy]:
    policies = {
        "pod_security_baseline": ClusterPolicy(
            "Pods keep to the baseline of the Pod Security Standards",
            BASELINE,
            {"effect": "Audit"},
        ),
        "https_ingress_only": ClusterPolicy(
            "Ingresses answer by HTTPS only", HTTPS_INGRESS, {"effect": "Audit"}
        ),
        "no_privileged_pods": ClusterPolicy(
            "No pod of ours is privileged",
            NO_PRIVILEGED_CONTAINERS,
            {"effect": "Deny", "namespaces": sorted(images)},
        ),
    }
    for namespace, pattern in images.items():
        policies[f"images_{namespace.replace('-', '_')}"] = ClusterPolicy(
            f"Pods in {namespace} start from known images only",
            ALLOWED_IMAGES,
            {
                "effect": "Deny",
                "namespaces": [namespace],
                "allowedContainerImagesRegex": pattern,
            },
        )
    if internal:
        policies["internal_load_balancers"] = ClusterPolicy(
            "No load balancer is public",
            INTERNAL_LOAD_BALANCERS,
            {"effect": "Deny", "excludedNamespaces": list(MICROSOFTS_NAMESPACES)},
        )
    return policies


def enable_defender(scope: Construct, monitoring: Monitoring) -> None:
    """Switch on Defender for what the platform uses, and say whom to tell what it finds.

    Plans and contact are those of the whole subscription; without a contact Azure mails its owners
    (learn.microsoft.com: "Configure email notifications for alerts").
    """
    for name, plan in DEFENDER_PLANS.items():
        SecurityCenterSubscriptionPricing(
            scope,
            f"defender_{name.lower()}",
            resource_type=name,
            tier="Standard",
            subplan=plan.subplan,
            extension=[
                SecurityCenterSubscriptionPricingExtension(name=extension)
                for extension in plan.extensions
            ]
            or None,
        )
    if monitoring.alert_phone:
        SecurityCenterContact(
            scope,
            "defender_contact",
            name="default",  # the only name that Azure takes
            email=monitoring.alert_emails[0],
            phone=monitoring.alert_phone,
            alert_notifications=True,
            alerts_to_admins=True,
        )
