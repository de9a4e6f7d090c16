"""An environment: everything that `environments/<name>.toml` says, typed and checked."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from conventions.redirect import redirect_uri
from environments.acknowledgements import Acknowledgement, FactName
from environments.addresses import refuse_crowd, refuse_full_endpoints
from environments.airflow import Airflow
from environments.capacity import refuse_without_room
from environments.dags import Team, TeamName, refuse_taken_vaults
from environments.data import KeyVault, Postgres, Storage, refuse_in_region
from environments.dns import refuse_foreign_cluster_zone
from environments.facts import REGIONS, WITHOUT_API_SERVER_INTEGRATION
from environments.hibernation import Hibernation, refuse_sleep
from environments.ingress import Ingress, refuse_misplaced
from environments.kubernetes import Kubernetes
from environments.landing_zone import refuse_misfit
from environments.monitoring import Monitoring
from environments.network import Network
from environments.registry import Registry
from environments.running import State, Tags
from environments.sign_in import SingleSignOn
from environments.types import TRADEMARKS, RegionName, Section, Text, Uuid, WorkloadName, refuse

EnvironmentName = Annotated[
    str,
    Text(r"[a-z][a-z0-9]{1,5}", "2 to 6 lower case letters and digits, a letter first", "dev"),
]


class Environment(Section):
    """One environment, as dev or prod: the whole input of the synthesizer."""

    name: Annotated[
        EnvironmentName,
        Field(description="short name of the environment; a part of every resource's name"),
    ]
    like: Annotated[
        EnvironmentName | None,
        Field(
            description="environment that this one is like: waivers for environments like "
            '"dev" hold here, too; left out, its own name'
        ),
    ] = None
    workload: Annotated[
        WorkloadName,
        Field(description="short name of the workload; a part of every resource's name"),
    ] = "airflow"
    location: Annotated[RegionName, Field(description="Azure region, as westeurope")]
    subscription_id: Annotated[Uuid, Field(description="subscription that holds everything")]
    tenant_id: Annotated[Uuid, Field(description="Entra tenant of users and identities")]
    deployer_object_id: Annotated[
        Uuid, Field(description="object id of the identity that deploys, made by the bootstrap")
    ]
    protect_data: Annotated[
        bool, Field(description="delete locks and prevent_destroy on what holds data")
    ] = True
    tags: Annotated[Tags, Field(description="tags of every resource")]
    state: Annotated[State, Field(description="where the Terraform state is kept")]
    network: Annotated[Network, Field(description="addresses and ways in and out")]
    storage: Annotated[Storage, Field(description="ADLS Gen2: DAGs, logs, data")] = Storage()
    postgres: Annotated[Postgres, Field(description="database server")]
    key_vault: Annotated[KeyVault, Field(description="secrets and keys")] = KeyVault()
    registry: Annotated[Registry, Field(description="container images")] = Registry()
    monitoring: Annotated[Monitoring, Field(description="logs, metrics, alerts, budget")]
    airflow: Annotated[Airflow, Field(description="the Airflow release")]
    ingress: Annotated[Ingress, Field(description="host name, load balancer, certificate")]
    single_sign_on: Annotated[SingleSignOn, Field(description="who may sign in")]
    kubernetes: Annotated[Kubernetes, Field(description="AKS")]
    hibernation: Annotated[
        Hibernation | None, Field(description="hours of the day outside of which it is stopped")
    ] = None
    teams: Annotated[
        dict[TeamName, Team],
        Field(
            default_factory=dict,
            description="teams with a folder in the DAG container, by name; `platform` is the "
            "platform's own, for pipelines/dags.yml",
        ),
    ]
    acknowledged: Annotated[
        dict[FactName, Acknowledgement],
        Field(default_factory=dict, description="ends of support that are accepted for a while"),
    ]

    @property
    def kind(self) -> str:
        """Name of the environment that it is like, or its own: those of a kind share waivers."""
        return self.like or self.name

    @property
    def teams_with_a_vault(self) -> tuple[str, ...]:
        """Names of the teams whose secrets are in a vault of their own."""
        return tuple(name for name, team in self.teams.items() if team.secret_owners)

    @property
    def endpoint_zones(self) -> dict[str, str]:
        """Names of the private DNS zones that we make for private endpoints, by role."""
        zones = dict(self.network.dns.endpoint_zones)
        if self.registry.given_id:  # an empty zone would hide the names in its owner's
            zones.pop("registry", None)
        return zones

    @property
    def redirect_uri(self) -> str:
        """Where Entra sends users back after sign-in."""
        return redirect_uri(self.ingress.host)

    @property
    def upgrades_begin(self) -> datetime:
        """When a week's window for upgrades opens, in UTC: as the file says, or while it runs."""
        if self.hibernation and "maintenance" not in self.kubernetes.model_fields_set:
            return self.hibernation.early
        return self.kubernetes.maintenance.begins

    @field_validator("workload")
    @classmethod
    def _free_name(cls, workload: str, info: ValidationInfo) -> str:
        together = f"{workload}{info.data.get('name', '')}"
        if taken := [word for word in TRADEMARKS if word in together]:
            refuse(
                f"together with the environment's name it holds {taken[0]}, and Azure refuses "
                "public names with that word: those of accounts, vaults and the registry",
                allowed="a workload and a name that do not make it up",
                fix="choose another workload",
            )
        return workload

    @field_validator("location")
    @classmethod
    def _integrates(cls, location: str) -> str:
        if location in WITHOUT_API_SERVER_INTEGRATION:
            refuse(
                "has no API Server VNet Integration, and the cluster's API server lies in a "
                "subnet of this environment",
                allowed="every other region that this project knows",
                fix='choose a region near it, for example "uaenorth"',
            )
        return location

    @field_validator("network")
    @classmethod
    def _way_out(cls, network: Network, info: ValidationInfo) -> Network:
        without = network.firewall_private_ip is None and network.given is None
        if network.egress == "firewall" and without:
            refuse(
                'egress = "firewall" without a firewall',
                allowed='egress = "firewall" together with firewall_private_ip',
                fix='set network.firewall_private_ip, for example "10.0.1.4", or egress = "nat"',
            )
        refuse_foreign_cluster_zone(network.dns, info.data.get("location", ""))
        if network.given and (subscription := info.data.get("subscription_id")):
            refuse_misfit(network.given, subscription_id=subscription, egress=network.egress)
        return network

    @field_validator("storage")
    @classmethod
    def _replication(cls, storage: Storage, info: ValidationInfo) -> Storage:
        region = REGIONS.get(info.data.get("location", ""))
        if region and "ZRS" in storage.replication and not region.zones:
            refuse(
                f'replication = "{storage.replication}" needs availability zones, and '
                f"{info.data['location']} has none",
                allowed='"LRS", "GRS", "RAGRS"',
                fix='set storage.replication = "GRS", or move to a region with zones',
            )
        if region and storage.replication not in ("LRS", "ZRS") and region.pair is None:
            refuse(
                f'replication = "{storage.replication}" needs a paired region, and '
                f"{info.data['location']} has none",
                allowed='"LRS", "ZRS"',
                fix='set storage.replication = "ZRS"',
            )
        return storage

    @field_validator("postgres")
    @classmethod
    def _server(cls, postgres: Postgres, info: ValidationInfo) -> Postgres:
        refuse_in_region(postgres, info.data.get("location", ""))
        return postgres

    @field_validator("kubernetes")
    @classmethod
    def _zones(cls, kubernetes: Kubernetes, info: ValidationInfo) -> Kubernetes:
        location = info.data.get("location", "")
        region = REGIONS.get(location)
        pools = {"system_pool": kubernetes.system_pool, **kubernetes.node_pools}
        zonal = [name for name, pool in pools.items() if pool.zones]
        if region and not region.zones and zonal:
            refuse(
                f"{', '.join(zonal)}: {location} has no availability zones",
                allowed="zones = [] there",
                fix="set zones = [] in each pool, or move to a region with zones",
            )
        network: Network | None = info.data.get("network")
        if network is not None:
            refuse_crowd(kubernetes, network, info.data.get("ingress"))
        airflow, ingress = info.data.get("airflow"), info.data.get("ingress")
        if airflow is not None and ingress is not None:
            refuse_without_room(kubernetes.node_pools, airflow, ingress)
        return kubernetes

    @field_validator("registry")
    @classmethod
    def _replicas(cls, registry: Registry, info: ValidationInfo) -> Registry:
        if info.data.get("location") in registry.geo_replications:
            refuse(
                f"geo_replications holds the registry's own region {info.data['location']}",
                allowed="other regions",
                fix="delete it from registry.geo_replications",
            )
        network: Network | None = info.data.get("network")
        if registry.given_id and network and network.dns.registry:
            refuse(
                "given_id beside network.dns.registry: no endpoint of ours is in that zone",
                allowed="either a registry of another team, or a zone for one of our own",
                fix="delete network.dns.registry",
            )
        return registry

    @field_validator("airflow")
    @classmethod
    def _dag_source(cls, airflow: Airflow, info: ValidationInfo) -> Airflow:
        if airflow.dags == "git" and airflow.git is None:
            refuse(
                'dags = "git" without a repository',
                allowed='dags = "git" together with the table [airflow.git]',
                fix='add [airflow.git] with repository = "https://...", or set dags = "blob"',
            )
        git = airflow.git
        if git and git.repository.startswith("ssh:") and not airflow.signs_in_to_git:
            refuse(
                "git.repository is reached by ssh, and nothing gives the key",
                allowed="ssh:// together with a connection from Key Vault",
                fix="put a connection of type git with its private_key into the vault, and name it "
                'in [airflow.env_from_key_vault]: AIRFLOW_CONN_GIT_DEFAULT = "git-connection"',
            )
        return airflow

    @field_validator("ingress")
    @classmethod
    def _certificate(cls, ingress: Ingress, info: ValidationInfo) -> Ingress:
        network: Network | None = info.data.get("network")
        if network is not None and network.egress == "firewall" and not ingress.internal:
            refuse(
                'internal = false together with network.egress = "firewall": answers would leave '
                "through the firewall, which has not seen the question",
                allowed="internal = true behind a firewall",
                fix="set ingress.internal = true, and publish its address on the firewall (DNAT)",
            )
        refuse_misplaced(
            ingress,
            network.aks_nodes if network else None,
            info.data.get("subscription_id", ""),
        )
        needed = {
            "letsencrypt": {"dns_zone_id": ingress.dns_zone_id, "contact": ingress.contact},
            "key_vault": {"key_vault_certificate": ingress.key_vault_certificate},
        }[ingress.certificate]
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            refuse(
                f'certificate = "{ingress.certificate}" without {" and ".join(missing)}',
                allowed=f"{' and '.join(needed)} beside it",
                fix=f"set ingress.{' and ingress.'.join(missing)}",
            )
        return ingress

    @field_validator("hibernation")
    @classmethod
    def _sleep(cls, hibernation: Hibernation | None, info: ValidationInfo) -> Hibernation | None:
        refuse_sleep(hibernation, info.data.get("postgres"))
        return hibernation

    @field_validator("teams")
    @classmethod
    def _vaults(cls, teams: dict[str, Team], info: ValidationInfo) -> dict[str, Team]:
        names = ("network", "airflow", "key_vault", "kubernetes", "registry")
        tables: dict[str, Any] = {name: info.data.get(name) for name in names}
        if all(tables.values()):
            refuse_full_endpoints(**tables, teams=teams)
        refuse_taken_vaults(teams)
        return teams

    @field_validator("ingress")
    @classmethod
    def _private_key(cls, ingress: Ingress, info: ValidationInfo) -> Ingress:
        name = ingress.key_vault_certificate
        if _is_every_task_s(name, info):
            refuse(
                f"key_vault_certificate = {name} is also in airflow.env_from_key_vault: each task "
                "could read the private key of the host",
                allowed="a certificate that nothing else reads",
                fix="delete it from airflow.env_from_key_vault",
            )
        return ingress

    @field_validator("single_sign_on")
    @classmethod
    def _redirect(cls, sso: SingleSignOn, info: ValidationInfo) -> SingleSignOn:
        if _is_every_task_s(sso.client_secret, info):
            refuse(
                f"client_secret = {sso.client_secret} is also in airflow.env_from_key_vault: each "
                "task could sign in as the application",
                allowed="a secret that nothing else reads",
                fix="delete it from airflow.env_from_key_vault",
            )
        ingress: Ingress | None = info.data.get("ingress")
        if ingress is None or sso.redirect_uri is None:
            return sso
        expected = redirect_uri(ingress.host)
        if sso.redirect_uri != expected:
            refuse(
                f"redirect_uri = {sso.redirect_uri} does not match ingress.host = {ingress.host}",
                allowed=expected,
                fix="delete single_sign_on.redirect_uri: it follows from the host",
            )
        return sso


def _is_every_task_s(secret: str | None, info: ValidationInfo) -> bool:
    """Tell whether all pods of Airflow read a secret; names in Key Vault ignore case."""
    airflow: Airflow | None = info.data.get("airflow")
    read = airflow.env_from_key_vault.values() if airflow else ()
    return secret is not None and secret.lower() in {name.lower() for name in read}
