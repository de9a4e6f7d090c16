"""Ephemeral resources: values that live for one run and never reach plan or state."""

import secrets
import string
from collections.abc import Mapping
from typing import Any

from standin_providers.change import name_of
from standin_providers.cloud_folder import CloudFolder
from standin_providers.protocol_messages import Refusal
from standin_providers.schema import Block

Values = Mapping[str, Any]

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_KINDS = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": _SPECIAL,
}


def opened(
    type_: str, block: Block, config: Values, cloud: CloudFolder
) -> dict[str, Any] | Refusal:
    """Return the values of an ephemeral resource, or why there are none."""
    if type_ == "random_password":
        return _password(config)
    if type_ == "azurerm_key_vault_secret":
        return _vault_value(block, config, cloud, "azurerm_key_vault_secret", "value")
    return _vault_value(block, config, cloud, "azurerm_key_vault_certificate", "pem")


def _password(config: Values) -> dict[str, Any] | Refusal:
    flags = {kind: config.get(kind) is not False for kind in _KINDS}
    least = {kind: int(config.get(f"min_{kind}") or 0) for kind in _KINDS}
    letters = _KINDS | {"special": config.get("override_special") or _SPECIAL}
    length = int(config["length"])
    if length < max(sum(least.values()), 1):
        return Refusal(
            "Invalid Attribute Value",
            f"Attribute length value must be at least sum of min_upper + min_lower + min_numeric + "
            f"min_special, got: {length}",
            ("length",),
        )
    if not any(flags.values()):
        return Refusal("Invalid Attribute Combination", "No kind of character is allowed.")
    allowed = "".join(letters[kind] for kind, flag in flags.items() if flag)
    chosen = [secrets.choice(letters[k]) for k, number in least.items() for _ in range(number)]
    chosen += [secrets.choice(allowed) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return {
        **config,
        **flags,
        **{f"min_{kind}": number for kind, number in least.items()},
        "result": "".join(chosen),
        "bcrypt_hash": f"$2a$10${secrets.token_hex(26)}",
    }


def _vault_value(
    block: Block, config: Values, cloud: CloudFolder, type_: str, secret: str
) -> dict[str, Any] | Refusal:
    vault, name = str(config.get("key_vault_id")), config.get("name")
    found = next(
        (s for s in cloud.all(type_) if s["name"] == name and s["key_vault_id"] == vault), None
    )
    if found is None and cloud.find("azurerm_key_vault", vault):
        return Refusal(f'"{name}" was not found in Key Vault "{name_of(vault)}"', path=("name",))
    known = {**(found or {}), **{k: v for k, v in config.items() if v is not None}}
    values = {attribute: known.get(attribute) for attribute in block.attributes}
    return values | {secret: values.get(secret) or secrets.token_urlsafe(32)}
