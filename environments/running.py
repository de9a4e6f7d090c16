"""The `[tags]`, `[state]` and `[monitoring]` tables: whose it is, its state, and who watches it."""

from typing import Annotated, Literal

from pydantic import Field

from environments.types import Email, RegionName, Section, form


class Tags(Section):
    """Azure tags that every resource bears, beside environment, workload and managed-by."""

    owner: Annotated[Email, Field(description="team that answers for the environment")]
    cost_center: Annotated[
        str,
        form(r"[\w .-]{1,64}", "1 to 64 letters, digits, spaces, . _ -", "4711"),
        Field(description="where the costs are booked"),
    ]
    data_classification: Annotated[
        Literal["public", "internal", "confidential", "restricted"],
        Field(description="most sensitive data it may hold"),
    ] = "internal"


class State(Section):
    """The storage account of the Terraform state; made once, before the first deploy."""

    resource_group_name: Annotated[
        str,
        form(
            r"[\w().-]{0,89}[\w()-]",
            "1 to 90 letters, digits, . _ ( ) -, no dot at the end",
            "rg-airflow-state",
        ),
        Field(description="its resource group"),
    ]
    storage_account_name: Annotated[
        str,
        form(r"[a-z0-9]{3,24}", "3 to 24 lower case letters and digits", "stairflowstate"),
        Field(description="its storage account"),
    ]
    container_name: Annotated[
        str,
        form(
            r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
            "3 to 63 lower case letters, digits and single hyphens",
            "tfstate-dev",
        ),
        Field(description="blob container, one an environment"),
    ]


class Monitoring(Section):
    """Logs, metrics, alerts and the budget."""

    log_retention_days: Annotated[
        int, Field(ge=30, le=730, description="days that Log Analytics keeps logs")
    ] = 30
    alert_email: Annotated[Email, Field(description="who is notified when an alert fires")]
    alert_phone: Annotated[
        Annotated[
            str,
            form(r"\+[0-9][0-9 -]{5,20}", "+, digits, spaces and -", "+49 30 5550100"),
        ]
        | None,
        Field(description="phone beside it; Defender's findings go to a contact with both"),
    ] = None
    monthly_budget: Annotated[
        int, Field(ge=1, le=10_000_000, examples=[800], description="in the billing currency")
    ]
    budget_start: Annotated[
        str,
        form(r"20\d\d-(0[1-9]|1[0-2])-01", "the first day of a month, YYYY-MM-01", "2026-12-01"),
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
