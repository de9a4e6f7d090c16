"""The bench of pods, in small: a real executor, API server and scheduler, and simulated nodes."""

import pytest
from local_kubernetes import ProgramsMissingError, find
from local_kubernetes.programs import NODE, SIMULATED_KUBELET, minors

from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW
from tests.environment_files import DEV, tables
from tests.helm_values import rendering
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.parts.skips import not_given
from tools.bench_tasks import pod_rate
from tools.bench_tasks.pod_rate import WAYS, Size
from tools.bench_tasks.tables import Table

SMALL = Size(dags=2, slow_dags=2, tasks=3, at_once=20, nodes=2)


@pytest.fixture(scope="module")
def table(airflow: object, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Six pods in each way; with fewer, a program may take less CPU than the kernel counts."""
    for kind in (NODE, SIMULATED_KUBELET):
        try:
            find(minors()[-1], kind)
        except ProgramsMissingError as error:
            not_given(str(error))
    chart = rendering.unpacked(AIRFLOW, tmp_path_factory.mktemp("chart"))
    values = airflow_values(Environment.model_validate(tables(DEV)), INFRASTRUCTURE)
    (made,) = pod_rate.measure(1, size=SMALL, objects=rendering.render(chart, AIRFLOW, values))
    return made


def test_each_way_is_a_row(table: Table) -> None:
    assert [row[0] for row in table.rows] == list(WAYS)


@pytest.mark.parametrize("name", [*pod_rate.COLUMNS[1:-1]])
def test_each_way_is_measured(table: Table, name: str) -> None:
    place = list(table.columns).index(name)

    assert all(float(row[place].replace(",", "")) > 0 for row in table.rows)
