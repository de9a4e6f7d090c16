"""The Terraform providers that stacks require: the one place of their versions.

azurerm is not the version that cdktf's last bindings were made from, 4.55: they only write JSON,
which 4.81 reads too, and Azure goes on retiring values that old versions alone know
(docs/decisions/0001). What the bindings do not know is set by `constructs_lib.beyond_bindings`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class TerraformProvider:
    """A provider by its full source; cdktf shortens it, and OpenTofu reads the full one only."""

    name: str
    version: str

    @property
    def source(self) -> str:
        """The address in the registry, without its host."""
        return f"hashicorp/{self.name}"


AZURERM = TerraformProvider("azurerm", "4.81.0")
AZUREAD = TerraformProvider("azuread", "3.7.0")
HELM = TerraformProvider("helm", "3.1.1")
RANDOM = TerraformProvider("random", "3.7.2")  # has the ephemeral random_password
TERRAFORM_PROVIDERS = (AZURERM, AZUREAD, HELM, RANDOM)
