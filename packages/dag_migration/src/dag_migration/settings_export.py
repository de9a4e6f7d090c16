"""Connections, variables and pools exported from Airflow 2: what is plain, what goes to Key Vault.

Airflow looks a connection up in the secrets backend first and takes it from there as a whole, so a
connection with any secret in it goes to Key Vault whole and nothing of it is written to a file.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from dag_migration.model import SettingsReport

# Airflow's own list of words in names that it masks, and those of Azure.
SECRET_WORDS = [
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "secret",
    "token",
    "keyfile_dict",
    "service_account",
    "pwd",
    "credential",
    "sas_",
    "account_key",
    "accountkey",
    "shared_access",
    "connection_string",
    "conn_str",
    "access_key",
    "signature",
]
SECRET_VALUES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(r"(?i)(password|pwd|accountkey|sharedaccesskey|secret|token)\s*[=:]"),
    re.compile(r"[?&]sig="),
    re.compile(r"://[^/\s:@]*:[^/\s@]+@"),  # a URL with a password
    re.compile(r"^eyJ[\w-]+\.[\w-]+\."),  # a JSON web token
    re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Z])(?=[^\s]*[a-z])[A-Za-z0-9+/_=~.-]{24,}"),
)
ENDINGS = (".json", ".yaml", ".yml", ".env")
VAULT_NAME = re.compile(r"[0-9A-Za-z_-]{1,100}")
PLAIN_CONNECTION = ("conn_type", "description", "host", "login", "schema", "port", "extra")


class ExportError(Exception):
    """An export cannot be read; the message says which and what is expected."""


def load(kind: str, file: Path) -> dict[str, Any]:
    """Read what `airflow connections|variables|pools export` wrote: JSON, YAML or .env.

    Raises:
        ExportError: not readable, not in one of the formats, or not a mapping of names.
    """
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".env":
            loaded: object = _env(text)
        elif file.suffix in {".yaml", ".yml"}:
            loaded = yaml.safe_load(text)
        else:
            loaded = json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        # the text of a parser's message may quote the file, so only its kind is reported
        raise ExportError(
            f"{file}: not an export of {kind} that can be read ({type(error).__name__}); expected "
            f"the output of `airflow {kind} export` with the ending .json, .yaml or .env"
        ) from None
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise ExportError(f"{file}: expected a mapping of names, as `airflow {kind} export` writes")
    return loaded


def _env(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def is_secret(name: str, value: object) -> bool:
    """Whether a value must not be in a file in clear, judged by its name and by its shape."""
    words = name.lower().replace("-", "_")
    if value not in (None, "") and any(word in words for word in SECRET_WORDS):
        return True
    if isinstance(value, Mapping):
        return any(is_secret(str(key), item) for key, item in value.items())
    if isinstance(value, list):
        return any(is_secret("", item) for item in value)
    if not isinstance(value, str):
        return False
    if any(pattern.search(value) for pattern in SECRET_VALUES):
        return True
    inner = _json(value)
    return inner is not None and is_secret("", inner)


def _json(text: str) -> Mapping[str, Any] | list[Any] | None:
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, (dict, list)) else None


def connections(exported: Mapping[str, Any]) -> tuple[dict[str, Any], SettingsReport]:
    """Return the connections without a secret, as Airflow 3 imports them, and where all went."""
    plain: dict[str, Any] = {}
    vault: list[str] = []
    problems: list[str] = []
    for name, value in exported.items():
        fields = value if isinstance(value, Mapping) else _connection(str(value))
        if not fields or not fields.get("conn_type"):
            problems.append(f"{name}: no connection type; write it again in Airflow 3")
        elif fields.get("password") or any(
            is_secret(key, item) for key, item in fields.items() if key != "conn_type"
        ):
            vault.append(name)
        else:
            kept = {
                key: fields[key] for key in PLAIN_CONNECTION if fields.get(key) not in (None, "")
            }
            if isinstance(kept.get("extra"), Mapping):
                kept["extra"] = json.dumps(kept["extra"], sort_keys=True)
            plain[name] = kept
    return plain, _report("connections", plain, vault, problems)


def variables(exported: Mapping[str, Any]) -> tuple[dict[str, Any], SettingsReport]:
    """Return the variables without a secret and where all went."""
    vault = [name for name, value in exported.items() if is_secret(name, value)]
    plain = {name: value for name, value in exported.items() if name not in vault}
    return plain, _report("variables", plain, vault, [])


def pools(exported: Mapping[str, Any]) -> tuple[dict[str, Any], SettingsReport]:
    """Return the pools with the fields that Airflow 3 wants."""
    plain, problems = {}, []
    for name, value in exported.items():
        slots = value.get("slots") if isinstance(value, Mapping) else None
        if not isinstance(slots, int):
            problems.append(f"{name}: no number of slots; write it again in Airflow 3")
            continue
        plain[name] = {
            "slots": slots,
            "description": value.get("description") or "",
            "include_deferred": bool(value.get("include_deferred", False)),
        }
    return plain, _report("pools", plain, [], problems)


def _connection(text: str) -> dict[str, Any] | None:
    """Read one value of an .env export: JSON, or a URI whose query is the extra."""
    if isinstance(fields := _json(text), dict):
        return fields
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return {
        "conn_type": parts.scheme.replace("-", "_"),
        "host": unquote(parts.hostname or ""),
        "login": unquote(parts.username or ""),
        "password": parts.password or "",
        "schema": unquote(parts.path.lstrip("/")),
        "port": port,
        "extra": _extra(parts.query),
    }


def _extra(query: str) -> dict[str, Any]:
    pairs = (item.partition("=") for item in query.split("&") if item)
    fields = {unquote(name): unquote(value) for name, _, value in pairs}
    whole = _json(fields.get("__extra__", ""))
    return whole if isinstance(whole, dict) else fields


def _report(
    kind: str, plain: Mapping[str, Any], vault: list[str], problems: list[str]
) -> SettingsReport:
    named: dict[str, str] = {}
    allowed = []
    for name in sorted(vault):
        secret = name.replace("_", "-").lower()
        if not VAULT_NAME.fullmatch(name):
            problems.append(
                f"{name}: holds a secret, and Key Vault names have letters, digits and - only; "
                "rename it in Airflow 2 and in the DAGs"
            )
        elif secret in named:
            problems.append(
                f"{name}: would be the same Key Vault secret as {named[secret]}; rename one of them"
            )
        else:
            named[secret] = name
            allowed.append(name)
    return SettingsReport(
        kind=kind, imported=tuple(sorted(plain)), vault=tuple(allowed), problems=tuple(problems)
    )
