"""What the pinned providers know and cdktf's bindings do not: written past the bindings."""

from collections.abc import Mapping, Sequence

from cdktf import TerraformProviderGeneratorMetadata, TerraformResource, TerraformStack
from constructs import Construct

from conventions.terraform_providers import TerraformProvider

Argument = str | int | float | bool | None | Sequence["Argument"] | Mapping[str, "Argument"]


def require(stack: TerraformStack, provider: TerraformProvider) -> None:
    """Pin a provider of the stack to the project's version of it, by its full source."""
    path = f"terraform.required_providers.{provider.name}"
    stack.add_override(f"{path}.source", provider.source)
    stack.add_override(f"{path}.version", provider.version)


def set_beyond_bindings(resource: TerraformResource, **arguments: Argument) -> None:
    """Set arguments that the pinned provider has and the bindings lack; None takes one away.

    tests/schema holds each stack against the pinned provider's schema, so a misspelt argument
    fails there. Use it for nothing that the bindings know: they check the type.
    """
    for name, value in arguments.items():
        resource.add_override(name, value)


class AzureResource(TerraformResource):
    """An azurerm resource of a type that the bindings do not have at all."""

    tags_input: Mapping[str, str] | None = None  # it has tags, as tagging.py asks

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        type_: str,
        arguments: Mapping[str, Argument],
        depends_on: Sequence[TerraformResource] = (),
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            terraform_resource_type=type_,
            terraform_generator_metadata=TerraformProviderGeneratorMetadata(
                provider_name="azurerm"
            ),
            depends_on=list(depends_on) or None,
        )
        set_beyond_bindings(self, **arguments)

    @property
    def tags(self) -> Mapping[str, str] | None:
        """The tags that were set."""
        return self.tags_input

    @tags.setter
    def tags(self, tags: Mapping[str, str]) -> None:
        self.tags_input = tags
        set_beyond_bindings(self, tags=tags)
