"""The data stack: the data lake, the database server, the vault, and Airflow's secrets in it."""

from constructs import Construct

from constructs_lib.data_lake import DataLake
from constructs_lib.key_vault import EncryptionKey, GeneratedSecret, KeyReference, Vault
from constructs_lib.postgres import PostgresServer
from constructs_lib.private_endpoint import private_endpoint
from constructs_lib.protection import lock_against_deletion
from conventions import containers, databases
from conventions.vault_secrets import API_SECRET_KEY, FERNET_KEY, JWT_SECRET, REDIS_PASSWORD
from environments.model import Environment
from stacks.base import AzureStack
from stacks.contracts import DataOutputs, NetworkOutputs


class DataStack(AzureStack):
    """What holds data, reached through private addresses and by Entra ID only."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "data")
        network = NetworkOutputs.read(self, env)
        self.place = self.resource_group()
        self.vault = self._vault(network)
        disks = self._key("disk_encryption")
        own_key = env.storage.customer_managed_key
        storage_key = self._key("storage_encryption") if own_key else None
        lake = DataLake(
            self,
            "data_lake",
            place=self.place,
            settings=env.storage,
            key=storage_key,
            protect=env.protect_data,
        )
        postgres = PostgresServer(
            self,
            "postgres",
            place=self.place,
            settings=env.postgres,
            tenant_id=env.tenant_id,
            subnet_id=network.postgres_subnet_id,
            dns_zone_id=network.postgres_dns_zone_id,
            databases=[databases.AIRFLOW, databases.WAREHOUSE],
            key=self._key("postgres_encryption") if env.postgres.customer_managed_key else None,
            protect=env.protect_data,
        )
        for subresource, zone_id in (
            ("blob", network.blob_dns_zone_id),
            ("dfs", network.dfs_dns_zone_id),
        ):
            private_endpoint(
                self,
                f"{subresource}_endpoint",
                place=self.place,
                subnet_id=network.private_endpoints_subnet_id,
                resource_id=lake.id,
                subresource=subresource,
                dns_zone_id=zone_id,
            )
        if env.protect_data:
            lock_against_deletion(
                self,
                {"data_lake": lake.id, "postgres": postgres.id, "key_vault": self.vault.id},
            )
        DataOutputs(
            resource_group_name=self.place.resource_group_name,
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
            key_vault_id=self.vault.id,
            key_vault_name=self.vault.vault.name,
            disk_encryption_key_id=disks.key_id,
            disk_encryption_identity_id=disks.identity_id,
        ).publish(self)

    def _vault(self, network: NetworkOutputs) -> Vault:
        vault = Vault(
            self,
            "key_vault",
            place=self.place,
            tenant_id=self.env.tenant_id,
            deployer_object_id=self.env.deployer_object_id,
            soft_delete_retention_days=self.env.key_vault.soft_delete_retention_days,
            expire_on=self.env.key_vault.expire_on,
            subnet_id=network.private_endpoints_subnet_id,
            dns_zone_id=network.key_vault_dns_zone_id,
            protect=self.env.protect_data,
        )
        secrets = [FERNET_KEY, JWT_SECRET, API_SECRET_KEY]
        if self.env.airflow.executor == "CeleryExecutor":
            secrets.append(REDIS_PASSWORD)
        for secret in secrets:
            GeneratedSecret(
                self,
                secret.role,
                vault=vault,
                secret=secret,
                version=self.env.key_vault.secrets_version,
            )
        return vault

    def _key(self, role: str) -> KeyReference:
        return EncryptionKey(
            self, role, place=self.place, vault=self.vault, protect=self.env.protect_data
        ).reference
