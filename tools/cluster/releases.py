"""The releases of a deployment, installed by Helm's own library with the state's values.

Terraform's Helm provider would do the same in `apply`, but it cannot be downloaded everywhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config

from helm_values.charts import AIRFLOW
from tools.charts import download, find
from tools.cluster.deployment import Deployment
from tools.cluster.story import wait_for
from tools.rendered_chart import Objects, objects_in, objects_of_package, of_kind

# in the order of the stack; what is left out needs images and charts of public registries
ORDER = ("prerequisites", "migrations", "airflow", "worker-scaling")


def values_of(deployment: Deployment, name: str) -> dict[str, Any]:
    """Return the values of a release, as Terraform gave them to its provider."""
    found: dict[str, Any] = json.loads(_release(deployment, name)["values"][0])
    return found


def names_of(deployment: Deployment) -> list[str]:
    """Return the names of the releases that are installed here, in order of installation."""
    there = {each["name"] for each in deployment.of_type("helm_release")}
    return [name for name in ORDER if name in there]


def objects_of(deployment: Deployment, name: str) -> Objects:
    """Return the Kubernetes objects that a release makes."""
    values = values_of(deployment, name)
    if name == AIRFLOW.name:
        return objects_of_package(download(AIRFLOW, find(AIRFLOW).parent), AIRFLOW, values)
    return list(values["objects"])


def _release(deployment: Deployment, name: str) -> Mapping[str, Any]:
    releases = deployment.of_type("helm_release")
    return next(each for each in releases if each["name"] == name)


@dataclass(frozen=True)
class Releases:
    """Helm for the releases of a deployment on a cluster."""

    deployment: Deployment
    project: Path
    kubeconfig: Path

    def values(self, name: str) -> dict[str, Any]:
        """Return the values of a release, as Terraform gave them to its provider."""
        return values_of(self.deployment, name)

    def install(self, name: str, values: Mapping[str, Any] | None = None) -> None:
        """Install or upgrade a release, and wait until Helm and its Jobs are ready.

        Args:
            name: of the release.
            values: for the chart; by default those of the state.

        Raises:
            HelmError: it was not ready within the release's timeout (300 s by default).
            RuntimeError: one of its Jobs failed.
            TimeoutError: one of its Jobs did not end within the timeout.
        """
        import helm_python  # has no wheel for Linux on ARM

        release = _release(self.deployment, name)
        with helm_python.Config(
            kubeconfig_path=self.kubeconfig, namespace=release["namespace"]
        ) as helm:
            there = {each["name"] for each in helm.list()}
            options: dict[str, Any] = {"wait": "legacy", "timeout": int(release["timeout"] or 300)}
            if name not in there:
                options["create_namespace"] = True
            action = helm.upgrade if name in there else helm.install
            made = action(
                self._chart(name),
                name,
                dict(values or self.values(name)),
                namespace=release["namespace"],
                **options,
            )
        if release["wait_for_jobs"]:
            self._wait_for_jobs(objects_in(made["manifest"]), int(release["timeout"]))

    def _wait_for_jobs(self, objects: Objects, seconds: int) -> None:
        """Wait for a release's Jobs, which Helm's library has no option for.

        Raises:
            RuntimeError: one failed.
        """
        made = config.new_client_from_config(str(self.kubeconfig))  # type: ignore[no-untyped-call]
        batch: Any = client.BatchV1Api(made)
        for job in of_kind(objects, "Job"):
            name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]

            def ended(name: str = name, namespace: str = namespace) -> bool:
                status = batch.read_namespaced_job(name, namespace).status
                for each in status.conditions or []:
                    if (each.type, each.status) == ("Failed", "True"):
                        raise RuntimeError(f"the Job {name} failed: {each.message}")
                return bool(status.succeeded)

            wait_for(name, ended, seconds)

    def uninstall(self, name: str) -> None:
        """Uninstall a release."""
        import helm_python

        namespace = _release(self.deployment, name)["namespace"]
        with helm_python.Config(kubeconfig_path=self.kubeconfig, namespace=namespace) as helm:
            helm.uninstall(name, timeout=300)

    def left_out(self) -> list[str]:
        """Return the releases of the deployment that are not installed here."""
        names = [each["name"] for each in self.deployment.of_type("helm_release")]
        return [name for name in names if name not in ORDER]

    def _chart(self, name: str) -> Path:
        if name == AIRFLOW.name:
            return download(AIRFLOW, find(AIRFLOW).parent)
        return self.project / "helm_values" / "objects_chart"
