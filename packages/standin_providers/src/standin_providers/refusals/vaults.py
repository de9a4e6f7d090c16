"""Changes of a vault that azurerm refuses while it applies them."""

from standin_providers.change import Change


def retention_of_a_vault_stays(change: Change) -> str | None:
    """A plan shows an update of the retention, and the apply ends with it.

    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/key_vault
    """
    if change.type != "azurerm_key_vault" or change.action != "update":
        return None
    days = "soft_delete_retention_days"
    if change.prior.get(days) == change.values.get(days):
        return None
    return f"once `{days}` has been configured it cannot be modified"
