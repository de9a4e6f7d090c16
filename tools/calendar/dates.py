"""Days in an environment file that are over: warned of, never refused, since much still runs.

A budget keeps the month that it began in, and only a new one is refused an earlier month; a secret
past its day is still handed out by Key Vault, and alerts go off.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from synthesis.reader import Synthesis


def past(synthesis: Synthesis, today: date) -> Iterator[str]:
    """Yield a warning for each day in the synthesized stacks that lies before `today`."""
    for stack in synthesis.stacks:
        resources = stack.document.get("resource", {})
        for warning in dict.fromkeys(_of_stack(resources, today)):
            yield f"{stack.environment}: {warning}"


def _of_stack(resources: dict[str, Any], today: date) -> Iterator[str]:
    month = today.replace(day=1)
    for budget in resources.get("azurerm_consumption_budget_subscription", {}).values():
        start = _day(budget["time_period"]["start_date"])
        if start < month:
            yield (
                f"monitoring.budget_start = {start} lies in the past\n"
                "    allowed: for a budget that is not there yet, this month or a later one; one "
                "that is there keeps its month\n"
                f'    fix: before the first deployment, set "{month}"'
            )
    for secret in resources.get("azurerm_key_vault_secret", {}).values():
        end = secret.get("expiration_date")
        if end and _day(end) < today:
            yield (
                f"key_vault.expire_on = {_day(end)} lies in the past\n"
                "    allowed: a day to come, at which the secrets are renewed\n"
                "    fix: docs/how-to/operate/rotate-keys.md"
            )


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])
