"""The `[registry]` table: where images are kept."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from environments.types import EACH_ONCE, IN_ORDER, RegionName, RegistryId, Section, Uuid, refuse


class Registry(Section):
    """Azure Container Registry, always Premium: private endpoints exist in no other tier.

    A registry of another team is neither made nor changed: docs/how-to/use-a-landing-zone.md.
    """

    given_id: Annotated[
        RegistryId | None,
        Field(
            description="a registry of another team, by its id, in place of one of our own; "
            "its owner lets the network reach it"
        ),
    ] = None
    mirror: Annotated[
        bool,
        Field(
            description="charts, and the images of NGINX, cert-manager, StatsD and Redis, come "
            "from copies in this registry, by the digests of mirror.lock: "
            "docs/how-to/release-an-image.md"
        ),
    ] = False
    retention_days: Annotated[
        int, Field(ge=1, le=365, description="days until untagged images are deleted")
    ] = 30
    geo_replications: Annotated[
        tuple[RegionName, ...],
        Field(strict=False, description="further regions with a copy"),
        EACH_ONCE,
        IN_ORDER,  # as Azure tells them back: another order is a change
    ] = ()
    push_object_ids: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="object ids of identities that push images, as the pipeline that builds",
        ),
        EACH_ONCE,
    ] = ()
    pull_object_ids: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="object ids of identities that pull images, as the checks of teams, and "
            "the deployer of an environment that images are promoted to",
        ),
        EACH_ONCE,
    ] = ()

    @model_validator(mode="after")
    def _made_or_given(self) -> Self:
        written = sorted(self.model_fields_set - {"given_id", "mirror"})
        if self.given_id and written:
            refuse(
                f"{', '.join(written)} beside given_id: another team decides that for its registry",
                allowed="given_id, and mirror",
                fix=f"delete {', '.join(written)}, or given_id",
            )
        return self

    @property
    def given_host(self) -> str | None:
        """Login server of a registry of another team; Azure's names know no upper case there."""
        return f"{self.given_id.rsplit('/', 1)[1].lower()}.azurecr.io" if self.given_id else None
