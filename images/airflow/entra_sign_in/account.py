"""Who signs in, as the claims of a verified ID token tell it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An Entra user. Only `object_id` identifies: names and e-mail addresses can be changed."""

    object_id: str
    email: str
    first_name: str
    last_name: str
    app_roles: list[str]

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Self:
        """Return the account of verified claims.

        The e-mail address is not always there ("Optional claims", Microsoft identity platform):
        then the user principal name stands in, and at last an address that cannot receive mail.

        Raises:
            ValueError: the object ID is no text.
        """
        object_id = _text(claims, "oid")
        if not object_id:
            raise ValueError("oid is no text")
        emails = (_text(claims, name) for name in ("email", "upn", "preferred_username"))
        _note_groups(claims, object_id)
        return cls(
            object_id=object_id,
            email=next(filter(None, emails), _no_email(object_id)),
            first_name=_text(claims, "given_name") or _text(claims, "name"),
            last_name=_text(claims, "family_name"),
            app_roles=_app_roles(claims),
        )

    @property
    def no_email(self) -> str:
        """An address that cannot receive mail, and is this user's alone."""
        return _no_email(self.object_id)


def _no_email(object_id: str) -> str:
    return f"{object_id}@no-email.invalid"


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim in one line: names go to the log, where a line break would begin another."""
    value = claims.get(name)
    if not isinstance(value, str):
        return ""
    # a space of another alphabet is a space; Persian names are written with U+200C
    return " ".join("".join(c if c.isprintable() or c == "\u200c" else " " for c in value).split())


def _app_roles(claims: Mapping[str, Any]) -> list[str]:
    roles = claims.get("roles")
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def _note_groups(claims: Mapping[str, Any], object_id: str) -> None:
    names = claims.get("_claim_names")
    overflowed = isinstance(names, Mapping) and "groups" in names
    if overflowed or claims.get("hasgroups"):
        log.warning(
            "The ID token of %s has more groups than fit (group overage); they are ignored, as "
            "roles come from the application's app roles alone. Remove the groups claim from the "
            "application's token configuration.",
            object_id,
        )
    elif "groups" in claims or "wids" in claims:
        log.info("The ID token of %s carries groups; they are ignored.", object_id)
