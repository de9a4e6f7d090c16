"""The data stack: the data lake, the database server, the vault, and Airflow's secrets in it."""

from functools import partial

from constructs import Construct

from constructs_lib.data_lake import DataLake
from constructs_lib.key_vault import (
    EncryptionKey,
    EtcdKey,
    GeneratedSecret,
    Vault,
    WritableVault,
)
from constructs_lib.postgres import PostgresServer
from constructs_lib.private_endpoint import add_private_endpoint
from constructs_lib.protection import lock_against_deletion
from conventions import containers, databases
from conventions.vault_secrets import API_SECRET_KEY, FERNET_KEY, JWT_SECRET, REDIS_PASSWORD
from environments.model import Environment
from stacks.base import EnvironmentStack
from stacks.contracts import DagVault, DataOutputs, NetworkOutputs


class DataStack(EnvironmentStack):
    """What holds data, reached through private addresses and by Entra ID only."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "data")
        network = NetworkOutputs.read(self, env)
        place = self.own_group()
        add_vault = partial(
            Vault,
            self,
            place=place,
            tenant_id=env.tenant_id,
            settings=env.key_vault,
            link=network.private_link(network.key_vault_dns_zone_id),
        )
        own = partial(add_vault, deployer_object_id=env.deployer_object_id)
        given = env.key_vault.given_id
        made = None if given else own("key_vault", name=self.names.unique("kv"))
        vault = made.to_write if made else WritableVault.given(str(given), env.key_vault)
        self._secrets(vault)
        etcd_vault = (
            own("etcd_vault", name=self.names.unique("kvet")) if env.kubernetes.etcd_key else None
        )
        # what the deployer writes lies in none of these, so it has no right there
        dag_vault = add_vault(
            "dag_vault", name=self.names.unique("kvds"), owner_group_ids=env.airflow.secret_owners
        )
        team_vaults = {
            team: add_vault(
                f"{team.replace('-', '_')}_vault",
                name=self.names.unique("kvte", of=team),
                owner_group_ids=env.teams[team].secret_owners,
            )
            for team in env.teams_with_a_vault
        }
        etcd_key = etcd_vault and EtcdKey(self, "etcd_key", place=place, vault=etcd_vault.to_write)
        disk_key = EncryptionKey(self, "disk_encryption", place=place, vault=vault).reference
        lake = DataLake(
            self,
            "data_lake",
            place=place,
            settings=env.storage,
            key=EncryptionKey(self, "storage_encryption", place=place, vault=vault).reference
            if env.storage.customer_managed_key
            else None,
        )
        postgres = PostgresServer(
            self,
            "postgres",
            place=place,
            settings=env.postgres,
            tenant_id=env.tenant_id,
            subnet_id=network.postgres_subnet_id,
            dns_zone_id=network.postgres_dns_zone_id,
            key=EncryptionKey(self, "postgres_encryption", place=place, vault=vault).reference
            if env.postgres.customer_managed_key
            else None,
        )
        for subresource, zone_id in (
            ("blob", network.blob_dns_zone_id),
            ("dfs", network.dfs_dns_zone_id),
        ):
            add_private_endpoint(
                self,
                f"{subresource}_endpoint",
                place=place,
                link=network.private_link(zone_id),
                resource_id=lake.id,
                subresource=subresource,
            )
        if env.protect_data:
            holders = {"data_lake": lake.id, "postgres": postgres.id}
            for one in filter(None, (made, etcd_vault, dag_vault, *team_vaults.values())):
                holders[one.node.id] = one.id
            lock_against_deletion(self, holders)
        DataOutputs(
            resource_group_name=place.resource_group_name,
            storage_account_id=lake.id,
            storage_account_name=lake.account.name,
            dags_container_id=lake.containers[containers.DAGS].id,
            dag_versions_container_id=lake.containers[containers.DAG_VERSIONS].id,
            logs_container_id=lake.containers[containers.LOGS].id,
            data_container_id=lake.containers[containers.DATA].id,
            postgres_server_id=postgres.id,
            postgres_server_name=postgres.server.name,
            postgres_host=postgres.server.fqdn,
            airflow_database=postgres.databases[databases.AIRFLOW].name,
            warehouse_database=postgres.databases[databases.WAREHOUSE].name,
            key_vault_id=vault.id,
            key_vault_name=vault.name,
            disk_encryption_key_id=disk_key.key_id,
            disk_encryption_identity_id=disk_key.identity_id,
            etcd_key_id=etcd_key.id if etcd_key else None,
            etcd_vault_id=etcd_vault.id if etcd_vault else None,
            dag_vault=_reference(dag_vault),
            team_vaults={team: _reference(made) for team, made in team_vaults.items()},
        ).publish(self)

    def _secrets(self, vault: WritableVault) -> None:
        secrets = [FERNET_KEY, JWT_SECRET, API_SECRET_KEY]
        if self.env.airflow.runs_workers:
            secrets.append(REDIS_PASSWORD)
        for secret in secrets:
            GeneratedSecret(
                self,
                secret.role,
                vault=vault,
                secret=secret,
                # a new Fernet key would shut every connection that is stored: it is rotated by
                # hand, beside the old one
                version=1 if secret.fernet else self.env.key_vault.secrets_version,
            )


def _reference(vault: Vault) -> DagVault:
    return DagVault(id=vault.id, name=vault.vault.name)
