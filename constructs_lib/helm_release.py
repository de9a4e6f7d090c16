"""Helm releases in the cluster of another stack."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cdktf import AssetType, Fn, ITerraformDependable, TerraformAsset
from cdktf_cdktf_provider_helm.provider import (
    HelmProvider,
    HelmProviderKubernetes,
    HelmProviderKubernetesExec,
)
from cdktf_cdktf_provider_helm.release import Release
from constructs import Construct

# The application of every AKS cluster's API (learn.microsoft.com: "Use Kubelogin to authenticate")
AKS_SERVER_ID = "6dae42f8-4368-4678-94ff-3960e28e3630"
OBJECTS_CHART = Path(__file__).resolve().parent.parent / "helm_values" / "objects_chart"


def configure_helm(scope: Construct, *, host: str, cluster_ca_certificate: str) -> HelmProvider:
    """Configure Helm for a cluster that lets nobody in but by Entra ID.

    `kubelogin` takes the token of `az login`, which a person and a pipeline's Azure CLI task both
    have; no kubeconfig and no credential is kept.

    Args:
        scope: the stack whose releases go there.
        host: address of the API server, `https://...`.
        cluster_ca_certificate: the cluster's certificate authority, PEM in base64.
    """
    return HelmProvider(
        scope,
        "helm",
        kubernetes=HelmProviderKubernetes(
            host=host,
            cluster_ca_certificate=Fn.base64decode(cluster_ca_certificate),
            exec=HelmProviderKubernetesExec(
                api_version="client.authentication.k8s.io/v1beta1",
                command="kubelogin",
                args=["get-token", "--login", "azurecli", "--server-id", AKS_SERVER_ID],
            ),
        ),
    )


def values_text(values: dict[str, Any]) -> str:
    """Return values as JSON, which is YAML too: Terraform fills in references and nothing else.

    Not `Fn.yamlencode`: cdktf 0.21 escapes neither quotes nor backslashes inside its arguments.
    """
    return re.sub(r"([$%])\{(?!TfToken\[)", r"\1\1{", json.dumps(values))


class HelmRelease(Construct):
    """A release that is complete or not there: Helm waits for it, and rolls back what fails.

    Terraform keeps the values in its state: they hold names of Secrets, never a secret. One that
    `adopts` takes objects over that are there already and not Helm's.

    Not with `upgrade_install`, by which the provider (3.1.1) would take back a release that the
    state lacks: it waits for no Job then, and where no `version` is set a chart of another version
    than the installed one taints the release: the next deployment deletes what is in it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        chart: str,
        repository: str | None,
        version: str | None,
        namespace: str,
        values: dict[str, Any],
        after: Sequence[ITerraformDependable] = (),
        timeout_seconds: int = 900,
        adopts: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.release = Release(
            self,
            "Default",
            name=construct_id.replace("_", "-"),
            chart=chart,
            repository=repository,
            version=version,
            namespace=namespace,
            create_namespace=True,
            values=[values_text(values)],
            atomic=True,
            wait=True,
            timeout=timeout_seconds,
            take_ownership=adopts or None,
            max_history=5,
            depends_on=list(after),
        )


class ObjectsRelease(Construct):
    """Kubernetes objects as a release of the chart in `helm_values/objects_chart`.

    The Kubernetes provider's `manifest` would ask the cluster at plan time, when it may not be
    there yet; Helm asks when it installs (docs/decisions: objects beside a chart). The release is
    kept in the namespace `default`, because it may hold the namespace of all others.

    With `job_timeout_seconds` it is complete when its Jobs are, for which Helm waits that long. The
    chart completes the name of a Job by the digest of what it does, since a Job cannot change.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        objects: Sequence[dict[str, Any]],
        after: Sequence[ITerraformDependable] = (),
        job_timeout_seconds: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        chart = TerraformAsset(self, "chart", path=str(OBJECTS_CHART), type=AssetType.DIRECTORY)
        self.release = Release(
            self,
            "Default",
            name=construct_id.replace("_", "-"),
            chart=chart.path,
            namespace="default",
            values=[values_text({"objects": list(objects)})],
            atomic=True,
            wait=True,
            wait_for_jobs=True if job_timeout_seconds else None,
            timeout=job_timeout_seconds,
            max_history=5,
            depends_on=list(after),
        )
