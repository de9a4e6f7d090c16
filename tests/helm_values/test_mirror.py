"""Charts that take their images from copies in our registry."""

from pathlib import Path

import pytest

from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW, CERT_MANAGER, NGINX, Chart
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.cert_manager import cert_manager_values
from helm_values.ingress.controller import ingress_controller_values
from helm_values.merge import overlaid
from helm_values.mirror import Mirror
from tests.helm_values.rendering import render, unpacked
from tests.parts.mirror import DIGEST, LOCK
from tools.rendered_chart import images


@pytest.mark.parametrize("chart", [AIRFLOW, NGINX, CERT_MANAGER], ids=lambda chart: chart.name)
def test_every_pod_of_a_chart_runs_from_our_registry(
    celery: Environment, infra: Infrastructure, chart: Chart, tmp_path: Path
) -> None:
    values = {
        AIRFLOW.name: airflow_values(celery, infra),
        NGINX.name: ingress_controller_values(celery),
        CERT_MANAGER.name: cert_manager_values(),
    }[chart.name]
    mirror = Mirror(registry=infra.registry_login_server, lock=LOCK)
    folder = unpacked(chart, tmp_path)

    found = images(render(folder, chart, overlaid(mirror.values(chart), values)))

    copies = {image for image in found if "/mirror/" in image}
    assert {image.partition("/")[0] for image in found} == {infra.registry_login_server}
    assert len(copies) == len(chart.images)
    assert all(image.endswith(f":1.2.3-444444444444@{DIGEST}") for image in copies)
