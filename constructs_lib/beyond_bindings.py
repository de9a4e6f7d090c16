"""What the pinned providers know and cdktf's bindings do not: written past the bindings."""

from collections.abc import Mapping, Sequence

from cdktf import TerraformResource, TerraformStack

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
