"""Federated credentials: a service account becomes an Azure identity, without a secret."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktf_cdktf_provider_azurerm.federated_identity_credential import (
    FederatedIdentityCredential,
)
from constructs import Construct

from constructs_lib.beyond_bindings import set_beyond_bindings

AUDIENCE = "api://AzureADTokenExchange"


class Federation(NamedTuple):
    """The identity that a service account becomes; `subject` is matched letter by letter."""

    identity_id: str
    subject: str


class WorkloadIdentities(Construct):
    """Trusts the cluster's tokens for some service accounts.

    The issuer is used as AKS gives it, with its slash at the end. Azure takes 20 credentials an
    identity, and refuses two writes at a time to one identity (learn.microsoft.com: "Important
    considerations and restrictions for federated identity credentials"): they form a chain.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        issuer: str,
        federations: Mapping[str, Federation],
    ) -> None:
        super().__init__(scope, construct_id)
        previous: FederatedIdentityCredential | None = None
        for role, federation in federations.items():
            previous = FederatedIdentityCredential(
                self,
                role,
                name=role.replace("_", "-"),
                resource_group_name="",  # the bindings want both, the provider neither any more
                parent_id="",
                issuer=issuer,
                subject=federation.subject,
                audience=[AUDIENCE],
                depends_on=[previous] if previous else None,
            )
            set_beyond_bindings(
                previous,
                user_assigned_identity_id=federation.identity_id,
                parent_id=None,
                resource_group_name=None,
            )
