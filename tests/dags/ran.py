"""What the tests of the example DAGs look at."""

from dataclasses import dataclass

from tests.parts.azurite import Azurite
from tests.parts.postgres import Postgres


@dataclass(frozen=True)
class Ran:
    """What is left after the four DAGs have run."""

    lake: Azurite
    warehouse: Postgres
    output: str
    airflow_database: str

    def states(self, dag_id: str) -> dict[str, str]:
        """Return the state of each task of the DAG's last run."""
        rows = self.warehouse.query(
            self.airflow_database,
            f"select task_id, state from task_instance where dag_id = '{dag_id}'",
        )
        return {row[0]: row[1] for row in rows}
