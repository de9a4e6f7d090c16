"""Values that Azure would draw: the same for the same resource, so that runs can be compared."""

import hashlib
import uuid

_NAMESPACE = uuid.UUID("5c2f3d06-6f0b-5d57-9f8e-2f1d5d7a4e11")


def guid(*seed: str) -> str:
    """Return a GUID."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(seed).lower()))


def number(seed: str, below: int) -> int:
    """Return a number."""
    return int(digest(seed), 16) % below


def digest(seed: str) -> str:
    """Return hexadecimal digits."""
    return hashlib.sha256(seed.lower().encode()).hexdigest()


EPOCH = "2026-01-01T00:00:00.0000000Z"
"""When everything was made: a time that moves would show up as a change."""
