"""What a pipeline signs in as: an identity that trusts the pipeline's tokens, without a secret."""

from collections.abc import Mapping

from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from constructs_lib.place import Place
from constructs_lib.workload_identity import Federation, WorkloadIdentities


class PipelineIdentity(Construct):
    """An identity, and who becomes it: issuer and subject of a token, by a short name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        role: str,
        trusts: Mapping[str, tuple[str, str]],
    ) -> None:
        super().__init__(scope, construct_id)
        identity = UserAssignedIdentity(
            self, "Default", name=place.names.of("id", role), **place.at
        )
        self.client_id = identity.client_id
        self.principal_id = identity.principal_id
        if trusts:
            WorkloadIdentities(
                self,
                "trust",
                federations={
                    name: Federation(identity.id, issuer, subject)
                    for name, (issuer, subject) in trusts.items()
                },
            )
