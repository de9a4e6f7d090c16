"""Why a sign-in is refused: what the user reads, and apart from it what the log says."""

import enum
import logging
import re
from dataclasses import dataclass

from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from joserfc.errors import JoseError
from requests import RequestException

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """What a refused user sees. `{contact}` and `{account}` are filled in when it is shown."""

    status: int
    title: str
    advice: str


class Refusal(enum.Enum):
    """Every way a sign-in can end without a session."""

    NO_ROLE = Page(
        403,
        "You have no role in this Airflow",
        "Microsoft Entra ID knows you as {account}, but gave you none of the roles Viewer, User, "
        "Op or Admin. Ask {contact} to assign one to you or to a group of yours, then sign in "
        "again.",
    )
    NOT_ASSIGNED = Page(
        403,
        "Your account may not use this application",
        "Microsoft Entra ID refused to sign you in, because you are not assigned to this "
        "application. Ask {contact} to assign you a role, then sign in again.",
    )
    BLOCKED = Page(
        403,
        "Your account is blocked in this Airflow",
        "An administrator of this Airflow has set {account} to inactive. Ask {contact} why.",
    )
    NOT_SAVED = Page(
        503,
        "Your account could not be saved",
        "This is not your fault. Try again in a few minutes; if it lasts, give {contact} the "
        "reference below.",
    )
    DECLINED = Page(
        403,
        "Microsoft Entra ID did not sign you in",
        "Either you cancelled, or a rule of your organization stopped it. Try again; if it happens "
        "again, give {contact} the reference below.",
    )
    NOT_TRUSTED = Page(
        403,
        "The answer of Microsoft Entra ID could not be trusted",
        "You are not signed in. Try again; if it happens again, give {contact} the reference "
        "below.",
    )
    STALE = Page(
        400,
        "This sign-in is no longer valid",
        "It took too long, or was begun in another browser or window. Sign in again.",
    )
    UNAVAILABLE = Page(
        503,
        "Microsoft Entra ID cannot be reached",
        "This is not your fault. Try again in a few minutes; if it lasts, give {contact} the "
        "reference below.",
    )
    MISCONFIGURED = Page(
        500,
        "Sign-in is not set up correctly",
        "This is not your fault. Give {contact} the reference below.",
    )


class SignInRefusedError(Exception):
    """A sign-in that ends here. `str()` of it is for the log only."""

    def __init__(self, refusal: Refusal, why: str, *, account: str = "your account") -> None:
        super().__init__(why)
        self.refusal = refusal
        self.account = account


# The codes that an administrator must act on, from Microsoft's "Microsoft Entra authentication and
# authorization error codes"; every other one is DECLINED.
_CODES = {
    "50105": Refusal.NOT_ASSIGNED,
    "50011": Refusal.MISCONFIGURED,  # redirect URI not registered
    "65001": Refusal.MISCONFIGURED,  # no consent
    "70021": Refusal.MISCONFIGURED,  # no matching federated identity record
    "700016": Refusal.MISCONFIGURED,  # application not found in the tenant
    "700211": Refusal.MISCONFIGURED,  # no matching federated issuer
    "700212": Refusal.MISCONFIGURED,  # no matching federated audience
    "700213": Refusal.MISCONFIGURED,  # no matching federated subject
    "700024": Refusal.MISCONFIGURED,  # client assertion expired
    "7000215": Refusal.MISCONFIGURED,  # invalid client secret
    "7000222": Refusal.MISCONFIGURED,  # client secret expired
}


def refusal_of(error: Exception) -> SignInRefusedError:
    """Return the refusal that an error of the OAuth client, of a token or of the network means.

    Text that came with the redirect goes to the log only: anyone can put text into a link.
    """
    match error:
        case SignInRefusedError():
            return error
        case MismatchingStateError():
            return SignInRefusedError(Refusal.STALE, "the state is not one this session began")
        case OAuthError():
            code = re.search(r"AADSTS(\d+)", error.description or "")
            refusal = _CODES.get(code[1], Refusal.DECLINED) if code else Refusal.DECLINED
            return SignInRefusedError(refusal, f"{error.error!r}: {error.description!r}")
        case RequestException():
            return SignInRefusedError(Refusal.UNAVAILABLE, f"{type(error).__name__}: {error}")
        case JoseError() | KeyError() | ValueError():
            return SignInRefusedError(
                Refusal.NOT_TRUSTED, f"the ID token is not valid: {type(error).__name__}: {error}"
            )
    log.error("Sign-in ended with an error nobody foresaw", exc_info=error)
    return SignInRefusedError(Refusal.MISCONFIGURED, f"{type(error).__name__}: {error}")
