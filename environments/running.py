"""The `[tags]` and `[state]` tables: who owns the environment, and where its state is."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from conventions.tag_keys import TAG_KEYS
from environments.types import ACCENTED, AccountName, Email, Section, Text, Uuid, refuse

TagName = Annotated[
    str,
    Text(
        r"(?!(?i:microsoft|azure|windows))[^<>%&\\?/\"\x00-\x1f]{1,128}",
        '1 to 128 characters but " < > % & \\ ? /, no microsoft, azure or windows in front',
        "business-unit",
    ),
]
StateContainer = Annotated[
    str,
    Text(
        r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "3 to 63 lower case letters, digits and single hyphens",
        "tfstate-dev",
    ),
]
TagValue = Annotated[str, Text(r"[^\x00-\x1f]{0,256}", "up to 256 characters of one line", "north")]
MOST_TAGS = 50  # learn.microsoft.com: "Use tags to organize your Azure resources"


class Tags(Section):
    """Azure tags of every resource, beside environment, workload and managed-by."""

    owner: Annotated[Email, Field(description="team that answers for the environment")]
    cost_center: Annotated[
        str,
        Text(r"[^\x00-\x1f]{1,256}", "1 to 256 characters of one line", "4711"),
        Field(description="where the costs are booked"),
    ]
    data_classification: Annotated[
        Literal["public", "internal", "confidential", "restricted"],
        Field(description="most sensitive data it may hold"),
    ] = "internal"
    more: Annotated[
        dict[TagName, TagValue],
        Field(default_factory=dict, description="further tags of every resource, by name"),
    ]
    ignored: Annotated[
        tuple[TagName, ...],
        Field(
            strict=False,
            description="names of tags that a policy of the company writes: no plan removes them",
        ),
    ] = ()

    @field_validator("more")
    @classmethod
    def _further(cls, more: dict[str, str]) -> dict[str, str]:
        names = [*TAG_KEYS, *more]
        _refuse_twice(names)
        if len(names) > MOST_TAGS:
            refuse(
                f"{len(names)} tags with the {len(TAG_KEYS)} of this project",
                allowed=f"{MOST_TAGS} together: Azure takes no more on a resource",
                fix=f"delete {len(names) - MOST_TAGS} of them",
            )
        return more

    @field_validator("ignored")
    @classmethod
    def _of_others(cls, ignored: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        _refuse_twice([*TAG_KEYS, *info.data.get("more", ()), *ignored])
        return ignored


def _refuse_twice(names: list[str]) -> None:
    folded = [name.lower() for name in names]
    twice = sorted({name for name in names if folded.count(name.lower()) > 1})
    if twice:
        refuse(
            f"{' and '.join(twice)}: Azure does not tell upper from lower case, and one tag is set "
            "once",
            allowed=f"names other than each other's, and than {', '.join(TAG_KEYS)}",
            fix="delete one, or rename it",
        )


class State(Section):
    """The storage account of the Terraform state; made once, before the first deploy."""

    resource_group_name: Annotated[
        str,
        Text(
            rf"[\w{ACCENTED}().-]{{0,89}}[\w{ACCENTED}()-]",
            "1 to 90 letters, digits, . _ ( ) -, no dot at the end",
            "rg-airflow-state",
        ),
        Field(description="its resource group"),
    ]
    storage_account_name: Annotated[
        AccountName,
        Field(description="its storage account"),
    ]
    container_name: Annotated[
        StateContainer,
        Field(description="blob container, one per environment"),
    ]
    subscription_id: Annotated[
        Uuid | None,
        Field(description="its subscription; the environment's own, unless given"),
    ] = None
