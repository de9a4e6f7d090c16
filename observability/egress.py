"""Alerts on egress from the network: rules on the NAT gateway's metrics."""

from observability.alerts import MetricAlert

_GATEWAY = "Microsoft.Network/natGateways"
EGRESS_ALERTS = (
    MetricAlert(
        name="EgressDown",
        metric_namespace=_GATEWAY,
        metric_name="DatapathAvailability",
        aggregation="Average",
        operator="LessThan",
        threshold=90.0,
        severity=1,
        summary="Less than 90 % of Azure's own probes pass the NAT gateway.",
        action="See Service Health of the region: the gateway stands in all its zones, so one that "
        "fails is not enough. Open a case with Azure.",
    ),
    MetricAlert(
        name="SnatPortsExhausted",
        metric_namespace=_GATEWAY,
        metric_name="SNATConnectionCount",
        aggregation="Total",
        operator="GreaterThan",
        threshold=0.0,
        severity=2,
        summary="New connections to the internet fail: the gateway has no free port for them.",
        action="Look for tasks that open a connection for each request, and let them reuse one; "
        "else give the gateway more public addresses.",
        dimensions={"ConnectionState": "Failed"},
    ),
)
