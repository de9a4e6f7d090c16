"""Whom alerts reach."""

from collections.abc import Sequence

from cdktf_cdktf_provider_azurerm.monitor_action_group import (
    MonitorActionGroup,
    MonitorActionGroupEmailReceiver,
    MonitorActionGroupSmsReceiver,
    MonitorActionGroupWebhookReceiver,
)
from constructs import Construct

from constructs_lib.place import Place


def create_action_group(
    scope: Construct,
    construct_id: str,
    *,
    place: Place,
    role: str | None = None,
    emails: Sequence[str],
    sms: Sequence[str],
    webhooks: Sequence[str] = (),
) -> MonitorActionGroup:
    """Create a group of receivers; a phone number is `+<country code> <number>`."""
    return MonitorActionGroup(
        scope,
        construct_id,
        name=place.names.of("ag", role),
        short_name="airflow",  # a message by SMS begins with it: 12 characters at most
        resource_group_name=place.resource_group_name,
        email_receiver=[
            MonitorActionGroupEmailReceiver(
                name=f"mail-{position}", email_address=address, use_common_alert_schema=True
            )
            for position, address in enumerate(emails)
        ],
        sms_receiver=[
            MonitorActionGroupSmsReceiver(
                name=f"sms-{position}", country_code=code.removeprefix("+"), phone_number=number
            )
            for position, (code, _, number) in enumerate(one.partition(" ") for one in sms)
        ]
        or None,
        webhook_receiver=[
            MonitorActionGroupWebhookReceiver(
                name=f"webhook-{position}", service_uri=address, use_common_alert_schema=True
            )
            for position, address in enumerate(webhooks)
        ]
        or None,
    )
