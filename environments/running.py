"""The `[tags]` and `[state]` tables: whose the environment is, and where its state lies."""

from typing import Annotated, Literal

from pydantic import Field

from environments.types import Email, Section, form


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
