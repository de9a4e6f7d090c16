"""The `[monitoring]` table: what is kept, and whom an alert reaches."""

import re
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from environments.hidden import may_be_secret
from environments.types import (
    HTTPS,
    ActionGroupId,
    Email,
    RegionName,
    Section,
    Text,
    Uuid,
    WorkspaceId,
    refuse,
)

Sms = Annotated[
    str,
    Text(r"\+[1-9]\d{0,2} \d{4,14}", "+, country code, a space, digits", "+49 1705550100"),
]
Webhook = Annotated[
    str,
    Text(
        HTTPS,
        "an https:// address without a user",
        "https://hooks.example.com/azure",
    ),
]


class GivenWorkspace(Section):
    """A Log Analytics workspace of another team, which is neither made nor changed.

    Azure asks for both of its ids, and makes the rule that collects container logs only in its
    region (learn.microsoft.com: "Data collection rules in Azure Monitor").
    """

    id: Annotated[WorkspaceId, Field(description="the workspace, in any subscription")]
    customer_id: Annotated[
        Uuid, Field(description="what the portal calls its Workspace ID: flow logs are told it")
    ]
    location: Annotated[
        RegionName | None, Field(description="its region; the environment's own, unless given")
    ] = None


class Monitoring(Section):
    """Logs, metrics, alerts and the budget."""

    given_workspace: Annotated[
        GivenWorkspace | None,
        Field(description="a Log Analytics workspace of another team, in place of one of our own"),
    ] = None

    log_retention_days: Annotated[
        int, Field(ge=30, le=730, description="days that Log Analytics keeps logs")
    ] = 30
    alert_emails: Annotated[
        tuple[Email, ...],
        Field(
            strict=False,
            min_length=1,
            max_length=50,  # a budget takes no more: Microsoft.Consumption/budgets
            description="who is notified when an alert fires, and what the budget says",
        ),
    ]
    alert_sms: Annotated[
        tuple[Sms, ...],
        Field(strict=False, max_length=10, description="who gets a text message too"),
    ] = ()
    alert_webhooks: Annotated[
        tuple[Webhook, ...],
        Field(
            strict=False,
            max_length=10,
            description="addresses that every alert is posted to, in Azure's common alert schema; "
            "they stand in a state, so none may hold a secret",
        ),
    ] = ()
    alert_action_groups: Annotated[
        tuple[ActionGroupId, ...],
        Field(
            strict=False,
            max_length=4,
            description="action groups of others that every alert reaches too, as that of an "
            "on-call service: its secret address stays there",
        ),
    ] = ()
    runbooks: Annotated[
        str | None,
        Field(description="where the documentation is published: alerts then link to their page"),
    ] = None
    alert_phone: Annotated[
        Annotated[
            str,
            Text(r"\+[0-9][0-9 -]{5,20}", "+, digits, spaces and -", "+49 30 5550100"),
        ]
        | None,
        Field(description="Defender's findings go to the first address, and to this phone"),
    ] = None
    monthly_budget: Annotated[
        int, Field(ge=1, le=10_000_000, examples=[800], description="in the billing currency")
    ]
    budget_start: Annotated[
        str,
        Text(r"20\d\d-(0[1-9]|1[0-2])-01", "the first day of a month, YYYY-MM-01", "2026-12-01"),
        Field(description="month that the budget counts from"),
    ]
    defender: Annotated[
        bool,
        Field(
            description="Defender plans; they are the subscription's: switch on in one environment"
        ),
    ] = False
    grafana: Annotated[bool, Field(description="a managed Grafana for this environment")] = True
    location: Annotated[
        RegionName | None,
        Field(
            description="region of the Prometheus workspace and of Grafana; the environment's "
            "own, unless it has none"
        ),
    ] = None

    @model_validator(mode="after")
    def _whose_days(self) -> Self:
        if self.given_workspace and "log_retention_days" in self.model_fields_set:
            refuse(
                "log_retention_days beside given_workspace: its owner decides how long logs stay",
                allowed="one of the two",
                fix="delete log_retention_days, or [monitoring.given_workspace]",
            )
        return self

    @field_validator("alert_webhooks")
    @classmethod
    def _no_secret(cls, webhooks: tuple[str, ...]) -> tuple[str, ...]:
        for webhook in webhooks:
            if "?" in webhook or may_be_secret(webhook):
                refuse(
                    "an address that holds its own key would stand in the state",
                    allowed="an address that anybody may know",
                    fix="put it into an action group of the on-call service, and name that in "
                    "alert_action_groups",
                )
        return webhooks

    @field_validator("runbooks")
    @classmethod
    def _https(cls, address: str | None) -> str | None:
        if address is not None and not re.fullmatch(HTTPS, address, re.ASCII):
            refuse(
                "not an https:// address",
                allowed="where the documentation is published",
                fix='for example "https://docs.example.com/airflow"',
            )
        return address.rstrip("/") if address else None
