"""What Azure Resource Manager refuses: status, code and text, with the page that says so."""

from dataclasses import dataclass

_LEARN = "https://learn.microsoft.com/azure"
_SUBNETS = f"{_LEARN}/virtual-network/virtual-network-manage-subnet"
_POSTGRES = f"{_LEARN}/postgresql/flexible-server/concepts-networking-private"
_ROLES = f"{_LEARN}/role-based-access-control/troubleshooting"
_NOT_FOUND = f"{_LEARN}/azure-resource-manager/troubleshooting/error-not-found"
_NAMES = f"{_LEARN}/azure-resource-manager/management/resource-name-rules"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refusal of Azure's; `text` is a template of what `message` is given."""

    status: int
    code: str
    text: str
    page: str

    def message(self, **values: object) -> str:
        """Return Azure's text.

        Raises:
            KeyError: a value that the text needs is not given.
        """
        return self.text.format(**values)


SCOPE_LOCKED = Refusal(
    status=409,
    code="ScopeLocked",
    text="The scope '{id}' cannot perform {verb} operation because following scope(s) are "
    "locked: '{scopes}'. Please remove the lock and try again.",
    page=f"{_LEARN}/azure-resource-manager/management/lock-resources",
)
PARENT_NOT_FOUND = Refusal(
    status=404,
    code="ParentResourceNotFound",
    text="Failed to perform 'write' on resource(s) of type '{type}', because the parent resource "
    "'{parent}' could not be found.",
    page=f"{_LEARN}/azure-resource-manager/troubleshooting/error-parent-resource",
)
RESOURCE_NOT_FOUND = Refusal(
    status=404,
    code="ResourceNotFound",
    text="The Resource '{type}/{name}' under '{scope}' was not found.",
    page=_NOT_FOUND,
)
INVALID_REFERENCE = Refusal(
    status=400,
    code="InvalidResourceReference",
    text="Resource {reference} referenced by resource {id} was not found. Please make sure that "
    "the referenced resource exists, and that both resources are in the same region.",
    page=_NOT_FOUND,
)

_IN_USE = "{name} is in use by {user} and cannot be deleted."
SUBNET_IN_USE = Refusal(
    status=400,
    code="InUseSubnetCannotBeDeleted",
    text=f"Subnet {_IN_USE} In order to delete the subnet, delete all the resources within the "
    "subnet. See aka.ms/deletesubnet.",
    page=_SUBNETS,
)
SECURITY_GROUP_IN_USE = Refusal(
    status=400,
    code="InUseNetworkSecurityGroupCannotBeDeleted",
    text=f"Network security group {_IN_USE}",
    page=f"{_LEARN}/virtual-network/manage-network-security-group",
)
NAT_GATEWAY_IN_USE = Refusal(
    status=400,
    code="InUseNatGatewayCannotBeDeleted",
    text=f"NAT gateway {_IN_USE}",
    page=f"{_LEARN}/nat-gateway/troubleshoot-nat",
)
PUBLIC_IP_PREFIX_IN_USE = Refusal(
    status=400,
    code="InUsePublicIpPrefixCannotBeDeleted",
    text=f"Public IP prefix {_IN_USE}",
    page=f"{_LEARN}/virtual-network/ip-services/manage-public-ip-address-prefix",
)
DISK_ENCRYPTION_SET_IN_USE = Refusal(
    status=400,
    code="DiskEncryptionSetInUse",
    text=f"Disk encryption set {_IN_USE}",
    page=f"{_LEARN}/virtual-machines/disk-encryption",
)

SUBNET_OUTSIDE_NETWORK = Refusal(
    status=400,
    code="NetcfgSubnetRangeOutsideVnet",
    text="Subnet '{name}' is not valid because its IP address range is outside the IP address "
    "range of virtual network '{network}'.",
    page=_SUBNETS,
)
SUBNETS_OVERLAP = Refusal(
    status=400,
    code="NetcfgSubnetRangesOverlap",
    text="Subnet '{name}' is not valid because its IP address range overlaps with that of an "
    "existing subnet '{other}' in virtual network '{network}'.",
    page=_SUBNETS,
)

ZONE_LINKED_TWICE = Refusal(
    status=400,
    code="BadRequest",
    text="A virtual network cannot be linked to multiple zones with overlapping namespaces. You "
    "tried to link virtual network with '{zone}' and '{zone}' zones.",
    page=f"{_LEARN}/dns/private-dns-virtual-network-links",
)

NO_REMOTE_GATEWAY = Refusal(
    status=400,
    code="RemoteVnetHasNoGateways",
    text="Peering {peering} cannot have UseRemoteGateway flag set to true because remote virtual "
    "network {network} referenced by the peering does not have any gateways.",
    page=f"{_LEARN}/virtual-network/virtual-network-troubleshoot-peering-issues",
)
NO_TRANSIT = Refusal(
    status=400,
    code="BadRequest",  # reports quote the text alone
    text="Peering {peering} cannot have UseRemoteGateways flag set to true, because corresponding "
    "remote peering has AllowGatewayTransit flag set to false.",
    page=f"{_LEARN}/virtual-network/virtual-network-troubleshoot-peering-issues",
)

SUBNET_NOT_DELEGATED = Refusal(
    status=400,
    code="SubnetNotDelegated",
    text="The subnet {subnet} must be delegated to {service}.",
    page=_POSTGRES,
)
SERVER_WITHOUT_ZONE = Refusal(
    status=400,
    code="EmptyPrivateDnsZoneArmResourceId",
    text="The private DNS zone must be set together with the delegated subnet.",
    page=_POSTGRES,
)
SERVER_ZONE_NAME = Refusal(
    status=400,
    code="PrivateDnsZoneNameNotValid",
    text="The private DNS zone {zone} must end in {suffix}.",
    page=_POSTGRES,
)
SERVER_ZONE_NOT_LINKED = Refusal(
    status=400,
    code="PrivateDnsZoneNotLinkedToVirtualNetwork",
    text="The private DNS zone {zone} is not linked to the virtual network {network} of the "
    "delegated subnet; make the server depend on the link.",
    page=_POSTGRES,
)

PRINCIPAL_NOT_FOUND = Refusal(
    status=400,
    code="PrincipalNotFound",
    text="Principal {principal} does not exist in the directory. Check that you have the correct "
    "principal ID. If you are creating this principal and then immediately assigning a role, this "
    "error might be related to a replication delay.",
    page=_ROLES,
)
ROLE_ASSIGNED = Refusal(
    status=409,
    code="RoleAssignmentExists",
    text="The role assignment already exists. The ID of the existing one is {existing}.",
    page=_ROLES,
)
TOO_MANY_CREDENTIALS = Refusal(
    status=400,
    code="BadRequest",
    text="Managed identity {name} has {count} federated identity credentials, and {most} is the "
    "most that one can have.",
    page="https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
)

VAULT_NAME_TAKEN = Refusal(
    status=409,
    code="VaultAlreadyExists",
    text="The vault name '{name}' is already in use. Vault names are globally unique so it is "
    "possible that the name is already taken. If you are sure that the vault name was not taken "
    "then it is possible that a vault with the same name was recently deleted but not purged after "
    "being placed in a recoverable state.",
    page=f"{_LEARN}/key-vault/general/soft-delete-overview",
)
REGISTRY_NAME_TAKEN = Refusal(
    status=409,
    code="AlreadyInUse",
    text="The registry DNS name {name}.azurecr.io is already in use.",
    page=_NAMES,
)
SERVER_NAME_TAKEN = Refusal(
    status=409,
    code="ServerNameAlreadyExists",
    text="Specified server name {name} is already used.",
    page=_NAMES,
)
ACCOUNT_NAME_TAKEN = Refusal(
    status=409,
    code="StorageAccountAlreadyTaken",
    text="The storage account named {name} is already taken.",
    page=_NAMES,
)
