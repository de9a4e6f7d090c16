"""The `[airflow.resources.<component>]` tables: CPU, memory and disk of Airflow's containers."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from conventions.components import COMPONENTS, Component
from conventions.sizes import CELERY_WORKER, COMPONENT_SIZES, Size
from environments.types import Section, refuse


class Resources(Section):
    """What a pod of a component asks of its node; what is left out stays as it is by default.

    A limit that is left out is the default's, or what is asked for where that is more.
    """

    cpu: Annotated[
        float | None, Field(ge=0.05, le=64, description="cores that it always has, as 0.5")
    ] = None
    cpu_limit: Annotated[float | None, Field(ge=0.05, le=64, description="cores at most")] = None
    memory_mib: Annotated[
        int | None, Field(ge=256, le=524_288, description="memory that it always has, in MiB")
    ] = None
    memory_limit_mib: Annotated[
        int | None,
        Field(ge=256, le=524_288, description="memory at which Kubernetes ends it, in MiB"),
    ] = None

    def size(self, default: Size) -> Size:
        """Return the whole size, with what is left out."""
        cpu = self.cpu or default.cpu
        memory = self.memory_mib or default.memory_mib
        return Size(
            cpu=cpu,
            memory_mib=memory,
            cpu_limit=self.cpu_limit or max(cpu, default.cpu_limit or 0),
            memory_limit_mib=self.memory_limit_mib or max(memory, default.memory_limit_mib),
        )


class WorkerResources(Resources):
    """What the pod of a task, or a worker of Celery for all of its tasks, asks of its node."""

    disk_gib: Annotated[
        int | None,
        Field(ge=1, le=1800, description="disk that it always has, and at most; else what is free"),
    ] = None

    def size(self, default: Size) -> Size:
        """Return the whole size, with what is left out."""
        whole = super().size(default)
        return Size(**(vars(whole) | {"disk_gib": self.disk_gib}))


class ComponentResources(Section):
    """A table for each component; the defaults are in `conventions/sizes.py`."""

    api_server: Annotated[Resources, Field(description="of an API server")] = Resources()
    scheduler: Annotated[Resources, Field(description="of a scheduler")] = Resources()
    dag_processor: Annotated[Resources, Field(description="of a DAG processor")] = Resources()
    triggerer: Annotated[Resources, Field(description="of a triggerer")] = Resources()
    worker: Annotated[WorkerResources, Field(description="of the pod of a task")] = (
        WorkerResources()
    )
    celery_worker: Annotated[
        WorkerResources, Field(description="of a Celery worker, for all tasks that it runs at once")
    ] = WorkerResources()
    migrations: Annotated[Resources, Field(description="of the migrations' job")] = Resources()

    def of(self, component: Component) -> Size:
        """Return the size of a component's container."""
        given: Resources = getattr(self, component.name)
        return given.size(COMPONENT_SIZES[component])

    @property
    def of_celery_worker(self) -> Size:
        """Size of the container of a Celery worker."""
        return self.celery_worker.size(CELERY_WORKER)

    @model_validator(mode="after")
    def _limits(self) -> Self:
        sizes = {component.name: self.of(component) for component in COMPONENTS}
        for name, size in (sizes | {"celery_worker": self.of_celery_worker}).items():
            if size.cpu_limit is not None and size.cpu > size.cpu_limit:
                _refuse_more(name, "cpu", "cpu_limit", size.cpu, size.cpu_limit)
            if size.memory_mib > size.memory_limit_mib:
                _refuse_more(
                    name,
                    "memory_mib",
                    "memory_limit_mib",
                    size.memory_mib,
                    size.memory_limit_mib,
                )
        return self


def _refuse_more(name: str, key: str, limit: str, asked: float, most: float) -> None:
    refuse(
        f"{name}.{key} = {asked:g} is more than its {limit} = {most:g}",
        allowed=f"{limit} of {asked:g} or more",
        fix=f"set airflow.resources.{name}.{limit} = {asked:g}, or ask for less",
    )
