"""A machine for a person's first steps in the private network, reached through Azure Bastion."""

import base64
from collections.abc import Sequence

from cdktf_cdktf_provider_azurerm.bastion_host import BastionHost, BastionHostIpConfiguration
from cdktf_cdktf_provider_azurerm.linux_virtual_machine import (
    LinuxVirtualMachine,
    LinuxVirtualMachineAdminSshKey,
    LinuxVirtualMachineIdentity,
    LinuxVirtualMachineOsDisk,
    LinuxVirtualMachineSourceImageReference,
)
from cdktf_cdktf_provider_azurerm.network_interface import (
    NetworkInterface,
    NetworkInterfaceIpConfiguration,
)
from cdktf_cdktf_provider_azurerm.public_ip import PublicIp
from cdktf_cdktf_provider_azurerm.virtual_machine_extension import VirtualMachineExtension
from constructs import Construct

from constructs_lib.grant import grant
from constructs_lib.place import Place


class JumpHost(Construct):
    """A Linux machine without a public address; groups of Entra ID sign in to it.

    `az network bastion ssh --auth-type AAD` leads there, which takes Bastion's Standard tier
    (learn.microsoft.com: "Connect to a VM using Bastion and the native client"). The script is run
    as root at the machine's first start.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        vm_size: str,
        ssh_public_key: str,
        subnet_id: str,
        bastion_subnet_id: str,
        administrators: Sequence[str],
        script: str,
    ) -> None:
        super().__init__(scope, construct_id)
        address = PublicIp(
            self,
            "bastion_address",
            name=place.names.of("pip", "bastion"),
            allocation_method="Static",
            sku="Standard",
            **place.at,
        )
        BastionHost(
            self,
            "bastion",
            name=place.names.of("bas"),
            sku="Standard",
            tunneling_enabled=True,
            copy_paste_enabled=False,
            ip_configuration=BastionHostIpConfiguration(
                name="own", subnet_id=bastion_subnet_id, public_ip_address_id=address.id
            ),
            **place.at,
        )
        interface = NetworkInterface(
            self,
            "network_interface",
            name=place.names.of("nic", "jump-host"),
            ip_configuration=[
                NetworkInterfaceIpConfiguration(
                    name="own", subnet_id=subnet_id, private_ip_address_allocation="Dynamic"
                )
            ],
            **place.at,
        )
        machine = LinuxVirtualMachine(
            self,
            "Default",
            name=place.names.of("vm", "jump-host"),
            size=vm_size,
            network_interface_ids=[interface.id],
            admin_username="nobody-signs-in-as-this",
            admin_ssh_key=[
                LinuxVirtualMachineAdminSshKey(
                    username="nobody-signs-in-as-this", public_key=ssh_public_key
                )
            ],
            disable_password_authentication=True,
            encryption_at_host_enabled=True,
            secure_boot_enabled=True,
            vtpm_enabled=True,
            os_disk=LinuxVirtualMachineOsDisk(
                caching="ReadWrite", storage_account_type="Premium_LRS"
            ),
            source_image_reference=LinuxVirtualMachineSourceImageReference(
                publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
            ),
            identity=LinuxVirtualMachineIdentity(type="SystemAssigned"),
            patch_mode="AutomaticByPlatform",
            patch_assessment_mode="AutomaticByPlatform",
            custom_data=base64.b64encode(script.encode()).decode(),
            **place.at,
        )
        VirtualMachineExtension(
            self,
            "entra_sign_in",
            name="AADSSHLoginForLinux",
            virtual_machine_id=machine.id,
            publisher="Microsoft.Azure.ActiveDirectory",
            type="AADSSHLoginForLinux",
            type_handler_version="1.0",
            auto_upgrade_minor_version=True,
        )
        for position, group in enumerate(administrators):
            grant(
                self,
                f"administrator_{position}_signs_in",
                role="Virtual Machine Administrator Login",
                on=machine.id,
                to=group,
                principal_type="Group",
            )
