"""The airflow stack: what runs in the cluster, and nothing that holds the cluster itself."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from constructs import Construct

from constructs_lib.beyond_bindings import require
from constructs_lib.helm_release import HelmRelease, ObjectsRelease, configure_helm
from conventions.mirror import Lock
from conventions.terraform_providers import HELM
from environments.model import Environment
from helm_values.airflow.executor import worker_scaling
from helm_values.airflow.migrations import MIGRATIONS_TIMEOUT, migration_objects
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW, CERT_MANAGER, NGINX, Chart
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.cert_manager import cert_manager_values
from helm_values.ingress.certificate import certificate_request
from helm_values.ingress.controller import ingress_controller_values
from helm_values.merge import Values, overlaid
from helm_values.mirror import Mirror
from helm_values.prerequisites import prerequisites
from stacks.base import EnvironmentStack
from stacks.contracts import DataOutputs, IdentityOutputs, PlatformOutputs


class AirflowStack(EnvironmentStack):
    """The Helm releases, each after the ones it needs; a state of their own.

    An upgrade of Airflow never plans the cluster, and the provider is configured from another
    state: one configured from a cluster in its own fails as soon as the cluster is replaced.
    """

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "airflow")
        platform = PlatformOutputs.read(self, env)
        infra = self._infrastructure(platform)
        self._mirror = (
            Mirror(registry=platform.registry_login_server, lock=Lock.read())
            if env.registry.mirror
            else None
        )
        configure_helm(
            self,
            host=platform.cluster_host,
            cluster_ca_certificate=platform.cluster_ca_certificate,
        )
        require(self, HELM)
        objects = ObjectsRelease(self, "prerequisites", objects=prerequisites(env, infra))
        nginx = self._release(
            "nginx_ingress", NGINX, ingress_controller_values(env), after=[objects.release]
        )
        if request := certificate_request(env, infra):
            issuer = self._release(
                "cert_manager",
                CERT_MANAGER,
                cert_manager_values(name_servers=self.env.ingress.dns01_name_servers),
                after=[objects.release],
            )
            after = [objects.release, issuer.release]
            ObjectsRelease(self, "certificate", objects=request, after=after)
        migrations = ObjectsRelease(
            self,
            "migrations",
            objects=migration_objects(env, infra),
            after=[objects.release],
            job_timeout_seconds=MIGRATIONS_TIMEOUT,
        )
        airflow = self._release(
            "airflow",
            AIRFLOW,
            airflow_values(env, infra),
            after=[nginx.release, migrations.release],
            # when Airflow is installed again, KEDA has made the workers' autoscaler before Helm
            adopts=env.airflow.runs_workers,
        )
        if scaling := worker_scaling(env, infra):
            ObjectsRelease(self, "worker_scaling", objects=scaling, after=[airflow.release])

    def _release(
        self,
        role: str,
        chart: Chart,
        values: Values,
        after: Sequence[ITerraformDependable] = (),
        *,
        adopts: bool = False,
    ) -> HelmRelease:
        if self._mirror:
            values = overlaid(self._mirror.values(chart), values)
        return HelmRelease(
            self,
            role,
            chart=chart.name,
            repository=self._mirror.charts if self._mirror else chart.repository,
            version=chart.version,
            namespace=chart.namespace,
            values=values,
            after=after,
            adopts=adopts,
        )

    def _infrastructure(self, platform: PlatformOutputs) -> Infrastructure:
        data = DataOutputs.read(self, self.env)
        identity = IdentityOutputs.read(self, self.env)
        return Infrastructure(
            registry_login_server=platform.registry_login_server,
            postgres_host=data.postgres_host,
            airflow_database=data.airflow_database,
            warehouse_database=data.warehouse_database,
            storage_account_name=data.storage_account_name,
            storage_resource_group_name=data.resource_group_name,
            key_vault_name=data.key_vault_name,
            dag_vault_name=data.dag_vault.name,
            team_vault_names={team: vault.name for team, vault in data.team_vaults.items()},
            sso_client_id=identity.sso_client_id,
            certificate_client_id=identity.certificate_client_id,
            identities=identity.workloads,
        )
