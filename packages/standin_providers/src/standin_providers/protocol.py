"""The messages of the Terraform plugin protocol 6.8, of which a provider answers a part.

https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol: messages grow by new
fields and calls only, so fields and calls that are not listed here are simply not used.
"""

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "tfplugin6"
SERVICE = f"{PACKAGE}.Provider"

# A line a message: type, name and number of each field; * repeats, % maps from a string.
_MESSAGES = """
DynamicValue: bytes msgpack 1, bytes json 2
Diagnostic: int64 severity 1, string summary 2, string detail 3, AttributePath attribute 4
Step: string? attribute_name 1, string? element_key_string 2, int64? element_key_int 3
AttributePath: Step* steps 1
RawState: bytes json 1
Attribute: string name 1, bytes type 2, Object nested_type 10, string description 3,
  bool required 4, bool optional 5, bool computed 6, bool sensitive 7, bool deprecated 9,
  bool write_only 11
Object: Attribute* attributes 1, int64 nesting 3
NestedBlock: string type_name 1, Block block 2, int64 nesting 3, int64 min_items 4,
  int64 max_items 5
Block: int64 version 1, Attribute* attributes 2, NestedBlock* block_types 3
Schema: int64 version 1, Block block 2
ServerCapabilities: bool plan_destroy 1, bool get_provider_schema_optional 2
Imported: string type_name 1, DynamicValue state 2, bytes private 3
GetProviderSchema.Request:
GetProviderSchema.Response: Schema provider 1, Schema% resource_schemas 2,
  Schema% data_source_schemas 3, Diagnostic* diagnostics 4,
  ServerCapabilities server_capabilities 6, Schema% ephemeral_resource_schemas 8
ValidateProviderConfig.Request: DynamicValue config 1
ValidateProviderConfig.Response: Diagnostic* diagnostics 2
ConfigureProvider.Request: string terraform_version 1, DynamicValue config 2
ConfigureProvider.Response: Diagnostic* diagnostics 1
StopProvider.Request:
StopProvider.Response: string Error 1
ValidateResourceConfig.Request: string type_name 1, DynamicValue config 2
ValidateResourceConfig.Response: Diagnostic* diagnostics 1
ValidateDataResourceConfig.Request: string type_name 1, DynamicValue config 2
ValidateDataResourceConfig.Response: Diagnostic* diagnostics 1
ValidateEphemeralResourceConfig.Request: string type_name 1, DynamicValue config 2
ValidateEphemeralResourceConfig.Response: Diagnostic* diagnostics 1
UpgradeResourceState.Request: string type_name 1, int64 version 2, RawState raw_state 3
UpgradeResourceState.Response: DynamicValue upgraded_state 1, Diagnostic* diagnostics 2
ReadResource.Request: string type_name 1, DynamicValue current_state 2, bytes private 3
ReadResource.Response: DynamicValue new_state 1, Diagnostic* diagnostics 2, bytes private 3
PlanResourceChange.Request: string type_name 1, DynamicValue prior_state 2,
  DynamicValue proposed_new_state 3, DynamicValue config 4, bytes prior_private 5
PlanResourceChange.Response: DynamicValue planned_state 1, AttributePath* requires_replace 2,
  bytes planned_private 3, Diagnostic* diagnostics 4, bool legacy_type_system 5
ApplyResourceChange.Request: string type_name 1, DynamicValue prior_state 2,
  DynamicValue planned_state 3, DynamicValue config 4, bytes planned_private 5
ApplyResourceChange.Response: DynamicValue new_state 1, bytes private 2,
  Diagnostic* diagnostics 3, bool legacy_type_system 4
ImportResourceState.Request: string type_name 1, string id 2
ImportResourceState.Response: Imported* imported_resources 1, Diagnostic* diagnostics 2
ReadDataSource.Request: string type_name 1, DynamicValue config 2
ReadDataSource.Response: DynamicValue state 1, Diagnostic* diagnostics 2
OpenEphemeralResource.Request: string type_name 1, DynamicValue config 2
OpenEphemeralResource.Response: Diagnostic* diagnostics 1, DynamicValue result 3, bytes? private 4
CloseEphemeralResource.Request: string type_name 1, bytes? private 2
CloseEphemeralResource.Response: Diagnostic* diagnostics 1
GetFunctions.Request:
GetFunctions.Response: Diagnostic* diagnostics 2
"""
_FIELD = re.compile(r"(\w+)([*%?]?) (\w+) (\d+)")
_SCALARS = {
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int64": FieldDescriptorProto.TYPE_INT64,
}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="tfplugin6.proto", package=PACKAGE, syntax="proto3")
    for line in _MESSAGES.strip().replace("\n  ", " ").splitlines():
        name, _, fields = line.partition(":")
        message = file.message_type.add(name=name.replace(".", "_"))
        for type_, sign, field, number in _FIELD.findall(fields):
            _add_field(message, type_, sign, field, int(number))
    return file


def _add_field(message: DescriptorProto, type_: str, sign: str, name: str, number: int) -> None:
    label = (
        FieldDescriptorProto.LABEL_REPEATED
        if sign in ("*", "%")
        else FieldDescriptorProto.LABEL_OPTIONAL
    )
    field = message.field.add(name=name, number=number, label=label)
    if sign == "%":
        entry = message.nested_type.add(
            name="".join(part.capitalize() for part in name.split("_")) + "Entry"
        )
        entry.options.map_entry = True
        _add_field(entry, "string", "", "key", 1)
        _add_field(entry, type_, "", "value", 2)
        type_ = f"{message.name}.{entry.name}"
    if sign == "?":  # proto3 marks a field that may be absent by a oneof of its own
        field.proto3_optional = True
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{name}")
    if type_ in _SCALARS:
        field.type = _SCALARS[type_]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{type_}"


def _classes() -> Mapping[str, Any]:
    pool = DescriptorPool()
    found = pool.AddSerializedFile(_file().SerializeToString())
    file = pool.FindFileByName("tfplugin6.proto") if found is None else found
    return {name: GetMessageClass(message) for name, message in file.message_types_by_name.items()}


# The message classes by name; `PlanResourceChange_Request` is what a call of that name takes.
MESSAGES: Mapping[str, Any] = _classes()
CALLS: tuple[str, ...] = tuple(
    name.removesuffix("_Request") for name in MESSAGES if name.endswith("_Request")
)
