"""Values of the ingress controller's chart for an environment."""

from environments.model import Environment
from helm_values.certificate import nginx_certificate_values
from helm_values.merge import Values, merged
from helm_values.nginx import nginx_values

ROOM_TO_GROW = 4  # replicas that the autoscaler may add


def ingress_controller_values(env: Environment) -> Values:
    """Return the values of the chart `nginx-ingress`, its certificate included."""
    replicas = env.ingress.replicas
    return merged(
        nginx_values(
            internal=env.ingress.internal,
            replicas=replicas,
            max_replicas=replicas + ROOM_TO_GROW,
        ),
        nginx_certificate_values(env),
    )
