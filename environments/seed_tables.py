"""Tables of `seed.toml`: the agents and their network, who runs pipelines, the environments."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field, field_validator

from conventions.addresses import PRIVATE_RANGES_SAID, is_private
from environments.dags import Issuer
from environments.dags import Subject as TokenSubject
from environments.monitoring import Sms
from environments.running import StateContainer
from environments.types import Cidr, Email, Section, Text, Uuid, VmSize, refuse

_EIGHTHS = 3  # bits: four pools of agents, Bastion (two), the jump host, spare


class SeedNetwork(Section):
    """The network of the agents; it is peered with the network of each environment."""

    address_space: Annotated[
        Cidr,
        Field(
            description="/24 or larger, of which each pool of agents has an eighth, as Bastion a "
            "quarter; no address of an environment or of a hub"
        ),
    ]

    @property
    def parts(self) -> list[IPv4Network]:
        """The address range in eight equal parts."""
        return list(self.address_space.subnets(prefixlen_diff=_EIGHTHS))

    @property
    def bastion(self) -> IPv4Network:
        """The subnet of Azure Bastion, which takes nothing smaller than a /26."""
        return self.parts[4].supernet()

    @property
    def jump_host(self) -> IPv4Network:
        """The subnet of the jump host."""
        return self.parts[6]

    @field_validator("address_space")
    @classmethod
    def _size(cls, space: IPv4Network) -> IPv4Network:
        if not 8 <= space.prefixlen <= 24:
            refuse("of a size that does not fit", allowed="/8 to /24", fix='use a "/24"')
        if not is_private(space):
            refuse("not a private range", allowed=PRIVATE_RANGES_SAID, fix="use one")
        return space


class AzureDevOps(Section):
    """The organization whose pipelines deploy."""

    organization: Annotated[
        str,
        Text(
            r"https://dev\.azure\.com/[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
            "https://dev.azure.com/ and the organization",
            "https://dev.azure.com/contoso",
        ),
        Field(description="address of the organization"),
    ]
    project: Annotated[
        str,
        Text(
            r"[^\s._\\/:*?\"<>;#$,+=|~@&%'\[\]{}-][^\\/:*?\"<>;#$,+=|~@&%'\[\]{}]{0,63}",
            "the name of a project, 1 to 64 characters",
            "data-platform",
        ),
        Field(description="project that holds the pipelines; it alone may use the pools"),
    ]


class GitHub(Section):
    """The repository whose workflows deploy."""

    repository: Annotated[
        str,
        Text(r"[\w.-]+/[\w.-]+", "owner/name", "contoso/airflow-platform"),
        Field(description="owner and name; workflows of its environments sign in"),
    ]


class Agents(Section):
    """Machines that run one job each and are thrown away; four pools of the same size."""

    vm_size: Annotated[VmSize, Field(description="size of a machine")] = "Standard_D4ds_v5"
    maximum: Annotated[
        int, Field(ge=1, le=25, description="machines of a pool at a time, each for one job")
    ] = 2
    image_id: Annotated[
        str | None,
        Field(
            min_length=1,
            description="resource id of an image (version) that images/agent/install.sh has "
            "prepared; none: Microsoft's ubuntu-24.04, to which each job adds what it needs",
        ),
    ] = None


class JumpHost(Section):
    """A machine for a person's first steps, with Azure Bastion in front; without a public address.

    People sign in as themselves, by Entra ID. Linux wants a key beside that, which nobody has to
    use: `ssh-keygen -t ed25519`, and throw the private half away.
    """

    vm_size: Annotated[VmSize, Field(description="size of the machine")] = "Standard_D2ds_v5"
    ssh_public_key: Annotated[
        str,
        Text(
            r"(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+( .*)?",
            "the text in ~/.ssh/id_ed25519.pub, not its path: ssh-ed25519 or ssh-rsa, and the key",
            "ssh-ed25519 AAAAC3NzaC1lZDI1",
        ),
        Field(description="public key, which holds no secret"),
    ]


class OnCall(Section):
    """Whom alerts of every environment reach, beside those whom its own file names."""

    emails: Annotated[
        tuple[Email, ...], Field(strict=False, min_length=1, description="addresses", max_length=20)
    ]
    sms: Annotated[
        tuple[Sms, ...], Field(strict=False, max_length=10, description="phone numbers")
    ] = ()


class Subject(Section):
    """Whose tokens an identity trusts: what the form of a service connection shows."""

    issuer: Annotated[Issuer, Field(description="issuer of the form")]
    subject: Annotated[TokenSubject, Field(description="subject of the form, as it stands")]


class SeededEnvironment(Section):
    """What the seed has to know of an environment, whose file says the same."""

    subscription_id: Annotated[Uuid, Field(description="subscription that holds it")]
    container_name: Annotated[
        StateContainer,
        Field(description="container of its states, as [state] of its file names it"),
    ]
    private_endpoints: Annotated[
        Cidr,
        Field(
            description="network.private_endpoints of its file: all that agents reach of it, but "
            "for those that deploy"
        ),
    ]
    own_application: Annotated[
        bool,
        Field(
            description="its stacks make the sign-in application, for which the deployer needs "
            "permissions in Entra ID; false with single_sign_on.application_id"
        ),
    ] = True
    consent: Annotated[
        bool,
        Field(
            description="consent to openid, profile and email for all users; set it once its "
            "stack `identity` is deployed, and run the seed again"
        ),
    ] = False
