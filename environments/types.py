"""Values of an environment file that are more than text or numbers, and their refusals."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Annotated, Any, ClassVar, Literal, Never, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from environments.facts import POSTGRES_SKUS, REGIONS, VM_SIZES

Made = TypeVar("Made")


class Section(BaseModel):
    """A table of the environment file: unknown keys are refused, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)
    page: ClassVar[str] = "docs/reference/environment.md"
    """Where all keys of the file are described whose tables begin here."""


def refuse(problem: str, *, allowed: str, fix: str, meant: str = "") -> Never:
    """Refuse a value; `meant`, the right one, is told in place of `fix` if it is no secret."""
    context = {"problem": problem, "allowed": allowed, "fix": fix, "meant": meant}
    raise PydanticCustomError("fault", "{problem}", context)


# spaces, also those that nobody sees, and quotes
_AROUND = " \t\r\n\u00a0\u202f\u3000\ufeff'\"" + "".join(map(chr, range(0x2000, 0x2010)))
NEAR = 0.7  # of difflib: a slip of the hand; less likeness names a key of another meaning


def _without_surroundings(value: str) -> str:
    """Take off what a copy brings along: brackets of a mail address, spaces, quotes, a stop."""
    inner = value.rpartition("<")[2].partition(">")[0]
    return inner.lstrip(_AROUND).rstrip(f"{_AROUND}/.,;")


def one_of(kind: str, values: Collection[str], page: str) -> Callable[[str], str]:
    """Return a check that a text is one of `values`; its refusal names the nearest ones.

    What is known of each decides about zones and disks, so a newer one comes with a version.
    """

    def check(value: str) -> str:
        if value not in values:
            plain = {one.lower(): one for one in values}  # "West Europe" is how Azure shows it
            close = get_close_matches(value.lower().replace(" ", ""), plain, n=3)
            near = [plain[one] for one in close] or sorted(values)[:3]
            refuse(
                f"not {kind} that this project knows",
                allowed=f"one of {len(values)}, such as {', '.join(near)}",
                fix=f'set "{near[0]}"; what Azure offers since ({page}) comes with a newer version',
            )
        return value

    return check


@dataclass(frozen=True)
class Text:
    r"""What a text must match as a whole; editors learn it from the JSON schema.

    As in a JSON schema, `\w` and `\d` are of ASCII: a look-alike of another script is no letter.
    """

    pattern: str
    rule: str
    example: str

    def check(self, value: str) -> str:
        """Refuse a text that does not match as a whole."""
        if not self._fits(value):
            refuse(
                "not of the required form",
                allowed=self.rule,
                fix=f'for example "{self.example}"',
                meant=next(filter(self._fits, self._meant(value)), ""),
            )
        return value

    def _fits(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value, re.ASCII) is not None

    def _meant(self, value: str) -> Iterator[str]:
        """Guess what was meant: copied with what is around it, or in capitals."""
        bare = _without_surroundings(value)
        yield bare
        name = re.sub(r"^\w+://([^/]*).*$", r"\1", bare.lower())  # the host of an address
        yield name
        with suppress(UnicodeError):
            yield name.encode("idna").decode()
        if "/subscriptions/" in bare:
            yield _as_in(self.example, bare)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = {
            "pattern": f"^({self.pattern})$",
            "examples": [self.example],
            "$comment": self.rule,
        }
        return handler(schema) | described


def _as_in(example: str, value: str) -> str:
    """Return the id of a resource from an address of the portal, its parts spelled as Azure does.

    The subscription is in lower case; further parts, as of a page of the portal, are left out.
    """
    id_ = value[value.index("/subscriptions/") :]
    parts = zip(example.split("/"), id_.split("/"), strict=False)
    spelled = [own if own.lower() == given.lower() else given for own, given in parts]
    spelled[2:3] = [part.lower() for part in spelled[2:3]]
    return "/".join(spelled)


def _tried(make: Callable[[str], Made], text: str) -> Made | None:
    with suppress(ValueError):
        return make(text)
    return None


def _cidr(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    given = value if isinstance(value, str) else ""
    return _tried(IPv4Network, given) or refuse(
        "not an IPv4 network",
        allowed="CIDR notation with all host bits zero",
        fix='for example "10.40.0.0/16"',
        meant=str(_tried(partial(IPv4Network, strict=False), given.strip()) or ""),
    )


def _address(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        return IPv4Address(value if isinstance(value, str) else "")
    except AddressValueError:
        refuse("not an IPv4 address", allowed="dotted decimal", fix='for example "10.0.0.4"')


def _uuid(value: Any) -> str:
    given = value if isinstance(value, str) else ""
    found = _tried(UUID, given) or refuse(
        "not a UUID",
        allowed="32 hexadecimal digits in groups of 8-4-4-4-12",
        fix="copy the id, not the name, from the Azure portal, or from `az account show`",
        meant=str(_tried(UUID, _without_surroundings(given)) or ""),
    )
    return str(found)


def _day(value: Any) -> Any:
    """Take a day as people write it, also in quotes or with a time."""
    with suppress(ValueError, TypeError):
        return value.date() if isinstance(value, datetime) else date.fromisoformat(value)
    return value


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        refuse(
            f"names {', '.join(twice)} twice",
            allowed="each once",
            fix="delete the second one",
        )
    return values


# learn.microsoft.com: "Resolve errors for reserved resource names", those that no part may be
TRADEMARKS = ("microsoft", "windows")
_NO_TRADEMARK = "".join(f"(?!.*{word})" for word in TRADEMARKS)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
ACCENTED = "\u00c0-\u024f"  # Latin letters of Europe's languages, for names that people give
# An address without a user; RFC 3986 writes any other character as a percent sign and two digits
PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"
_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
HTTPS = r"https://[A-Za-z0-9.-]+(:\d{1,5})?([/?#][\w.~!$&'()*+;=:%/?#-]*)?"
# An ARM id; resource groups may have letters of any script
IN_SUBSCRIPTION = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^\s/\\\"'`$%{}<>]+/providers/"
RESOURCE_NAME = r"[\w.-]+"
# Of an action group, whose name may have spaces ("Naming rules and restrictions", Azure)
_OF_GROUP = r"[^:<>+/&%\\?|\"'`${}\x00-\x1f]"

# What editors learn about a value; what is refused, and in which words, the validators decide
Cidr = Annotated[
    IPv4Network,
    BeforeValidator(_cidr),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$",
            "examples": ["10.40.0.0/20"],
            "$comment": "CIDR notation with all host bits zero",
        }
    ),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(_address),
    WithJsonSchema(
        {
            "type": "string",
            "format": "ipv4",
            "examples": ["10.0.0.4"],
            "$comment": "an IPv4 address",
        }
    ),
]
Uuid = Annotated[
    str,
    BeforeValidator(_uuid),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uuid",
            "examples": ["11111111-1111-4111-8111-111111111111"],
            "$comment": "a UUID",
        }
    ),
]
Day = Annotated[date, BeforeValidator(_day)]
WorkloadName = Annotated[
    str,
    Text(
        rf"{_NO_TRADEMARK}[a-z][a-z0-9]{{1,7}}",
        '2 to 8 lower case letters and digits, a letter first, not "windows"',
        "airflow",
    ),
]
AccountName = Annotated[
    str,
    Text(
        rf"(?!login){_NO_TRADEMARK}[a-z0-9]{{3,24}}",
        '3 to 24 lower case letters and digits, no "microsoft" or "windows" in it, no "login" in '
        "front",
        "stairflowstate",
    ),
]
# Both stand last: editors see what stands before them
EACH_ONCE = AfterValidator(_distinct)
IN_ORDER = AfterValidator(lambda values: tuple(sorted(values)))
Zone = Literal["1", "2", "3"]
HostName = Annotated[
    str,
    Text(
        rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+",
        "a fully qualified DNS name in lower case",
        "airflow.dev.example.com",
    ),
]
Email = Annotated[
    str,
    Text(
        r"[\w.+'&%-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "an e-mail address", "platform@example.com"
    ),
]
NameServer = Annotated[
    str,
    Text(
        rf"({_OCTET}\.){{3}}{_OCTET}:{PORT}|{HTTPS}",
        "an IPv4 address with its port, or an https:// address",
        "1.1.1.1:53",
    ),
]
VaultName = Annotated[
    str, Text(r"[0-9A-Za-z-]{1,127}", "1 to 127 letters, digits and hyphens", "airflow-tls")
]
RegionName = Annotated[
    str,
    AfterValidator(one_of("an Azure region", REGIONS, "learn.microsoft.com: List of regions")),
    WithJsonSchema({"type": "string", "enum": sorted(REGIONS)}),
]
PostgresSku = Annotated[
    str,
    AfterValidator(
        one_of(
            "a Flexible Server SKU",
            POSTGRES_SKUS,
            "learn.microsoft.com: PostgreSQL compute options",
        )
    ),
    WithJsonSchema({"type": "string", "enum": sorted(POSTGRES_SKUS)}),
]
VmSize = Annotated[
    str,
    AfterValidator(
        one_of("a virtual machine size", VM_SIZES, "learn.microsoft.com: Virtual machine sizes")
    ),
    WithJsonSchema({"type": "string", "enum": sorted(VM_SIZES)}),
]


def resource_id(kind: str, name: str = RESOURCE_NAME) -> Text:
    """Refuse a text that is not the ARM id of a resource of `kind`, as `Microsoft.X/y`."""
    example = f"/subscriptions/<id>/resourceGroups/<group>/providers/{kind}/<name>"
    pattern = rf"{IN_SUBSCRIPTION}{kind}/{name}"
    return Text(pattern, f"the resource id of a {kind}", example)


VirtualNetworkId = Annotated[str, resource_id("Microsoft.Network/virtualNetworks")]
NatGatewayId = Annotated[str, resource_id("Microsoft.Network/natGateways")]
SubnetId = Annotated[
    str,
    Text(
        rf"{IN_SUBSCRIPTION}Microsoft.Network/virtualNetworks/{RESOURCE_NAME}/subnets/{RESOURCE_NAME}",
        "the resource id of a subnet",
        "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network"
        "/virtualNetworks/<name>/subnets/<name>",
    ),
]
PublicIpId = Annotated[str, resource_id("Microsoft.Network/publicIPAddresses")]
PrivateDnsZoneId = Annotated[str, resource_id("Microsoft.Network/privateDnsZones")]
DnsZoneId = Annotated[str, resource_id("Microsoft.Network/dnsZones")]
RegistryId = Annotated[str, resource_id("Microsoft.ContainerRegistry/registries")]
WorkspaceId = Annotated[str, resource_id("Microsoft.OperationalInsights/workspaces")]
VaultId = Annotated[str, resource_id("Microsoft.KeyVault/vaults")]
ActionGroupId = Annotated[
    str,
    resource_id("Microsoft.Insights/actionGroups", rf"{_OF_GROUP}{{1,260}}(?<![ .])"),
]
