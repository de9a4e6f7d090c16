"""Virtual machines, and the disk that Azure makes with each."""

from loopback_azure.http_messages import Document
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import guid


@rule("Microsoft.Compute/virtualMachines")
def virtual_machine(made: NewResource) -> Document:
    """A machine has a number, and a disk that outlives it until somebody deletes that.

    Azure tells of no additional capabilities where none was asked for; azurerm sends them empty.
    """
    if not made.properties.get("additionalCapabilities"):
        made.properties.pop("additionalCapabilities", None)
    asked = made.properties["storageProfile"]["osDisk"]
    name = asked.get("name") or f"{made.address.name}_OsDisk_1_{guid(made.address.path)[:8]}"
    disk = f"{made.address.group}/providers/Microsoft.Compute/disks/{name}"
    made.store.put(
        disk,
        {
            "id": disk,
            "name": name,
            "location": made.document["location"],
            "managedBy": made.address.path,
            "sku": {"name": asked["managedDisk"]["storageAccountType"]},
            "properties": {"diskSizeGB": 30, "osType": "Linux"},
        },
    )
    managed = {"name": name, "diskSizeGB": 30, "managedDisk": {"id": disk}}
    return {
        "properties": {
            "vmId": guid(made.address.path),
            "storageProfile": {"osDisk": managed},
        }
    }


def instance_view(made: NewResource) -> Document:
    """A machine runs from when it is made."""
    return {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}]}
