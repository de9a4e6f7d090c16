"""Which image a deployment of an environment would start, read from the synthesized stacks."""

import json

from conventions.mirror import CHARTS
from synthesis.reader import Synthesis
from tools.azure_names import Part, azure_name
from tools.release.registry import Image


def registry_of(synthesis: Synthesis, environment: str) -> str:
    """Return the host of an environment's registry.

    Raises:
        SynthesisError: there is no such environment.
    """
    return f"{azure_name(synthesis, environment, Part.REGISTRY)}.azurecr.io"


def is_mirrored(synthesis: Synthesis, environment: str) -> bool:
    """Say whether charts and public images come from copies in the environment's registry.

    Raises:
        SynthesisError: there is no such environment.
    """
    return any(
        str(release.get("repository")).endswith(CHARTS)
        for stack in synthesis.select(environment).stacks
        for release in stack.resources("helm_release").values()
    )


def image_of(synthesis: Synthesis, environment: str) -> Image:
    """Return the image of Airflow's pods, tasks' too.

    Raises:
        SynthesisError: there is no such environment.
    """
    *_, stack = synthesis.select(environment, "airflow").stacks
    values = json.loads(stack.resources("helm_release")["airflow"]["values"][0])
    # the registry's name is an output of `platform`: ${...}/path
    path = values["defaultAirflowRepository"].rpartition("}/")[2]
    tag, _, digest = values["defaultAirflowTag"].partition("@")
    host = registry_of(synthesis, environment)
    return Image(repository=f"{host}/{path}", tag=tag, digest=digest or None)
