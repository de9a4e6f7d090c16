"""Federated credentials: whom somebody else vouches for becomes an Azure identity, no secret."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktf_cdktf_provider_azurerm.federated_identity_credential import (
    FederatedIdentityCredential,
)
from constructs import Construct

from constructs_lib.beyond_bindings import set_beyond_bindings
from conventions.pipeline_identities import AUDIENCE


class Federation(NamedTuple):
    """The identity that a service account, or a pipeline, becomes.

    Issuer and subject are matched letter by letter: AKS' issuer has a slash at its end.
    """

    identity_id: str
    issuer: str
    subject: str


class WorkloadIdentities(Construct):
    """Trusts tokens of the cluster, or of pipelines.

    Azure takes 20 credentials an
    identity, and refuses two writes at a time to one identity (learn.microsoft.com: "Important
    considerations and restrictions for federated identity credentials"): they form a chain.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
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
                issuer=federation.issuer,
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
