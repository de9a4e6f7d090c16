"""FAB's security manager, with Entra ID as the only way in."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from airflow.providers.fab.auth_manager.models import User
from airflow.providers.fab.auth_manager.security_manager.override import (
    FabAirflowSecurityManagerOverride,
    FabException,
)

from entra_sign_in.account import Account
from entra_sign_in.refusal import Refusal, SignInRefusedError
from entra_sign_in.view import EntraSignInView

log = logging.getLogger(__name__)


class EntraSecurityManager(FabAirflowSecurityManagerOverride):
    """Users and their roles come from Entra at each sign-in; nothing is granted in Airflow."""

    authoauthview = EntraSignInView

    def sign_in(self, claims: Mapping[str, Any]) -> User:
        """Return the user of verified claims, created or brought up to date.

        Raises:
            SignInRefusedError: no app role, set to inactive, or the database refused the user.
        """
        account = Account.of(claims)
        roles = list(self.get_roles_from_keys(account.app_roles))
        user = self.find_user(username=account.object_id)
        if user is not None and not user.is_active:
            raise SignInRefusedError(
                Refusal.BLOCKED, f"{account.object_id} is inactive", account=account.email
            )
        if not roles:
            if user is not None:  # ends the rights of the sessions that are still open
                user.roles = []
                self._save(user, account)
            raise SignInRefusedError(
                Refusal.NO_ROLE,
                f"{account.object_id} has the app roles {account.app_roles}, none is known",
                account=account.email,
            )
        email = self._email(account)
        user = user or self._register(account, email)
        user.roles = roles
        self._save(user, account)  # before the names: whatever becomes of them, rights are new
        user.email, user.first_name, user.last_name = email, account.first_name, account.last_name
        self._save(user, account)
        self._rotate_session_id()
        self.update_user_auth_stat(user)
        log.info("%s signed in as %s", account.object_id, sorted(role.name for role in roles))
        return user

    def _email(self, account: Account) -> str:
        """Return the address to store: FAB gives each to one user, and it identifies nobody here.

        Entra hands addresses on, from one who left to one who came, and users can claim one.
        """
        holder = self.find_user(email=account.email)
        if holder is None or holder.username == account.object_id:
            return account.email
        log.warning(
            "%s signs in without the e-mail address %s: user %s has it",
            account.object_id,
            account.email,
            holder.username,
        )
        return account.no_email

    def _register(self, account: Account, email: str) -> User:
        try:
            return self.add_user(
                username=account.object_id,
                first_name=account.first_name,
                last_name=account.last_name,
                email=email,
                password=secrets.token_urlsafe(32),  # FAB would store the hash of an empty one
            )
        except FabException as error:
            raise _not_saved(account) from error

    def _save(self, user: User, account: Account) -> None:
        if not self.update_user(user):  # it has rolled back
            raise _not_saved(account)

    def auth_user_db(
        self, username: str, password: str, rotate_session_id: bool = True
    ) -> User | None:
        """Refuse passwords: FAB's `/auth/token` would take a local one whatever AUTH_TYPE is."""
        log.warning("Refused a sign-in with a password as %r: only Entra ID signs in", username)
        return None


def _not_saved(account: Account) -> SignInRefusedError:
    return SignInRefusedError(
        Refusal.NOT_SAVED,
        f"{account.object_id} could not be saved; the line above has the database's words",
        account=account.email,
    )
