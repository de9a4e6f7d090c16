"""Values that may be secrets: a refusal must not carry them into a log."""

import re
from itertools import pairwise

HIDDEN = "(hidden: it may be a secret)"
RENEW = "if it is a secret, renew it and keep it in Key Vault alone: files are copied and logged"
_NAMES = re.compile(
    r"passw|pwd|secret|token|credential|connection_?string|(api|account|access|sas|private)_?key",
    re.IGNORECASE,
)
# What says of itself that it is one: PEM, storage and Service Bus connection strings, SAS, JWT,
# Entra's client secrets, passwords in an address, tokens of GitHub, GitLab, Slack and AWS
_SHAPES = re.compile(
    r"-----BEGIN|(AccountKey|SharedAccess\w*|Password|Pwd|sig)=|\beyJ[\w-]{8}|\dQ~|"
    r"://[^/\s:@]*:[^/\s@]+@|\b(gh[opsur]|glpat|github_pat|xox[abprs])[_-]|\bAKIA[0-9A-Z]{12}",
    re.IGNORECASE,
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RUN = re.compile(r"[\w+/=~-]{20,}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+")  # commits and digests
# The share of neighbours of another kind (lower case, upper case, digit; a capital before a small
# letter begins a word and does not count): names and paths have about 0.1, random base64 0.45, the
# lower-case tokens of Azure DevOps 0.3
_MIXED = 0.25
_MIXED_AND_LONG = 0.08
_LONG = 40
_SEPARATORS = 0.13  # a greater share of them makes a path or a sentence


def named_like_a_secret(key: str) -> bool:
    """Tell whether the value of this key must never be shown."""
    return bool(_NAMES.search(key))


def may_be_secret(value: str) -> bool:
    """Tell whether a value has the form of a secret, or looks random."""
    if _SHAPES.search(value):
        return True
    return any(map(_random, _RUN.findall(_GUID.sub(" ", value))))


def without_secrets(text: str) -> str:
    """Return a sentence with each word hidden that may be a secret."""
    words = re.split(r"([\s\"']+)", text)
    return "".join(HIDDEN if may_be_secret(word) else word for word in words)


def _random(run: str) -> bool:
    if _HEX.fullmatch(run):
        return False
    kinds = [_kind(character) for character in run]
    changes = sum(
        first != second and "other" not in (first, second) and (first, second) != ("upper", "lower")
        for first, second in pairwise(kinds)
    )
    separators = kinds.count("other")
    long = len(run) >= _LONG and separators <= _SEPARATORS * len(run)
    if long and not separators:
        return True
    return changes >= (_MIXED_AND_LONG if long else _MIXED) * len(run)


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "other"
