"""What keeps an environment within its bounds: budget, Azure Policy, Defender plans."""

from typing import NamedTuple

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

from conventions.tag_keys import ENVIRONMENT, WORKLOAD
from environments.model import Environment, Monitoring


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
POLICIES = {
    # built-in definitions (learn.microsoft.com: "Azure Policy built-in definitions for AKS")
    "pod_security_baseline": (
        "Pods keep to the baseline of the Pod Security Standards",
        f"{_DEFINITIONS}/policySetDefinitions/a8640138-9b0a-4a28-b8cb-1666c838647d",
    ),
    "https_ingress_only": (
        "Ingresses answer by HTTPS only",
        f"{_DEFINITIONS}/policyDefinitions/1a5b4dca-0b6f-4cf5-907c-56316bc1bf3d",
    ),
}


def add_budget(scope: Construct, env: Environment) -> None:
    """Mail the owner at 50 and 80 percent spent, and when the forecast passes the budget.

    Costs are found by the environment's tag, which the machines of the pools bear too.
    """
    emails = [env.monitoring.alert_email]
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


def assign_policies(scope: Construct, *, resource_group_id: str) -> None:
    """Assign Azure's built-in policies for clusters to the group; they audit, not deny."""
    for role, (title, definition_id) in POLICIES.items():
        ResourceGroupPolicyAssignment(
            scope,
            f"{role}_policy",
            name=role.replace("_", "-"),
            display_name=title,
            resource_group_id=resource_group_id,
            policy_definition_id=definition_id,
            parameters='{"effect":{"value":"Audit"}}',
        )


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
            email=monitoring.alert_email,
            phone=monitoring.alert_phone,
            alert_notifications=True,
            alerts_to_admins=True,
        )
