"""What keeps an environment within its bounds: budget, Azure Policy, Defender plans."""

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
from cdktf_cdktf_provider_azurerm.security_center_subscription_pricing import (
    SecurityCenterSubscriptionPricing,
)
from constructs import Construct

from environments.model import Environment

DEFENDER_PLANS = ("Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts")
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


def budget(scope: Construct, env: Environment) -> None:
    """Mail the owner at 50 and 80 percent spent, and when the forecast passes the budget.

    Costs are found by the environment's tag, which also the cluster's own node group bears.
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
                ConsumptionBudgetSubscriptionFilterTag(name="environment", values=[env.name]),
                ConsumptionBudgetSubscriptionFilterTag(name="workload", values=[env.workload]),
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


def policies(scope: Construct, *, resource_group_id: str) -> None:
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


def defender_plans(scope: Construct) -> None:
    """Switch on Defender for what the platform uses; the plans hold for the whole subscription."""
    for plan in DEFENDER_PLANS:
        SecurityCenterSubscriptionPricing(
            scope, f"defender_{plan.lower()}", resource_type=plan, tier="Standard"
        )
