"""What Azure would answer for the values that only it knows: deterministic and realistic."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standin_providers import answers
from standin_providers.identifiers import minted
from standin_providers.planning import is_azures_own
from standin_providers.schema import Attribute, Block, Nested, NestedBlock
from standin_providers.values import Unknown

Values = Mapping[str, Any]

TENANT = minted("tenant")
_WHEN = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Resolver:
    """Decides the unknown values of one resource or data source.

    Args:
        type: the Terraform type.
        id: the id of what is asked about; every other value follows from it.
        subscription: the UUID of the subscription.
        known: what other resources tell about it, by attribute.
    """

    type: str
    id: str
    subscription: str
    known: Values

    def resolve(self, block: Block, planned: Values) -> dict[str, Any]:
        """Return the planned values with every unknown one decided."""
        names = self._names(planned)
        special = answers.of(self.type, names)
        top = {"id": self.id, **special, **self.known}
        return self._block(block, planned, "", top)

    def _names(self, planned: Values) -> dict[str, str]:
        strings = {k: v for k, v in planned.items() if isinstance(v, str)}
        location = strings.get("location", "westeurope").replace(" ", "").lower()
        digest = minted(self.id).replace("-", "")
        return {
            "name": self.id.rsplit("/", 1)[-1],
            "resource_group_name": "",
            **strings,
            "location": location,
            "id": self.id,
            "subscription": self.subscription,
            "tenant": TENANT,
            "digest": digest,
            "digest8": digest[:8],
            "uuid": minted(self.id, "uuid"),
        }

    def _block(self, block: Block, planned: Values, at: str, top: Values) -> dict[str, Any]:
        attributes = {
            name: self._attribute(attribute, planned.get(name), at + name, top)
            for name, attribute in block.attributes.items()
        }
        blocks = {
            name: self._nested(nested, planned.get(name), at + name, top)
            for name, nested in block.blocks.items()
        }
        return attributes | blocks

    def _attribute(self, attribute: Attribute, value: Any, at: str, top: Values) -> Any:
        if attribute.nested and isinstance(value, (dict, list)):
            return self._nested_values(attribute.nested, value, at, top)
        if not isinstance(value, Unknown):
            return value
        if at in top:
            return top[at]
        return self._made(attribute.cty, at, listed=not attribute.optional)

    def _nested_values(self, nested: Nested, value: Any, at: str, top: Values) -> Any:
        block = Block(attributes=nested.attributes)
        if nested.nesting == "single":
            return self._block(block, value, f"{at}.", top)
        if nested.nesting == "map":
            return {key: self._block(block, v, f"{at}.{key}.", top) for key, v in value.items()}
        return [self._block(block, v, f"{at}.{i}.", top) for i, v in enumerate(value)]

    def _nested(self, nested: NestedBlock, value: Any, at: str, top: Values) -> Any:
        if isinstance(value, Unknown):
            if not is_azures_own(nested):
                return []
            value = [dict.fromkeys(nested.block.attributes, value)]
        if isinstance(value, dict):
            return self._block(nested.block, value, f"{at}.", top)
        if not isinstance(value, list):
            return value
        numbered = len(value) > 1
        return [
            self._block(nested.block, item, f"{at}.{index}." if numbered else f"{at}.", top)
            for index, item in enumerate(value)
        ]

    def _made(self, cty: Any, at: str, *, listed: bool = True) -> Any:
        if cty == "string":
            return self._string(at)
        if cty == "dynamic":
            return [b'"string"', self._string(at)]
        if isinstance(cty, str):
            return {"bool": False, "number": 0}[cty]
        kind, inner = cty
        if kind == "object":
            return {name: self._made(t, f"{at}.{name}") for name, t in inner.items()}
        if kind == "map" or not listed or not isinstance(inner, list) or inner[0] != "object":
            return {} if kind == "map" else []
        return [self._made(inner, at)]

    def _string(self, at: str) -> str:
        name = at.rsplit(".", 1)[-1]
        if name == "tenant_id":
            return TENANT
        if name == "subscription_id":
            return self.subscription
        if name.endswith(("_id", "guid")) or name == "uid":
            return minted(self.id, at)
        if re.search(r"(_key|_secret|password|certificate|token|_data)$", name):
            return base64.b64encode(minted(self.id, at).encode()).decode()
        if re.search(r"(_time|_date|_on|_at|date|created|updated|deployed)$", name):
            return _WHEN
        if re.search(r"(^|_)ip(_address)?$", name):
            return answers.public_address(self.id + at)
        if re.search(r"(fqdn|host|host_name|dns_name)$", name):
            return f"{minted(self.id)[:8]}.azure.com"
        if re.search(r"(endpoint|_url|_uri)$", name):
            return f"https://{minted(self.id)[:8]}.azure.com/"
        return name.replace("_", "-")
