"""Ids of resources as Azure has them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from environments.types import ActionGroupId

ACTION_GROUP: TypeAdapter[str] = TypeAdapter(ActionGroupId)
PLACE = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-alerts/providers"
    "/Microsoft.Insights/actionGroups/"
)


def test_an_action_group_s_name_may_have_spaces() -> None:
    given = f"{PLACE}Application Insights Smart Detection (Prod)"

    assert ACTION_GROUP.validate_python(given) == given


def test_an_action_group_s_name_has_no_expression() -> None:
    with pytest.raises(ValidationError):
        ACTION_GROUP.validate_python(f"{PLACE}${{file(1)}}")
