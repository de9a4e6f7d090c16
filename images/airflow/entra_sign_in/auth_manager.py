"""FAB's auth manager, whose sign-out ends the session on the server too."""

from typing import Any

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager


class EntraAuthManager(FabAuthManager):
    """Sends users who sign out to the page that deletes their session.

    FAB's own address, without the slash at its end, deletes cookies only: who had copied the
    session's cookie before could go on until the session expires.
    """

    def get_url_logout(self) -> str:
        """Return the address of `EntraSignInView.logout`."""
        return f"{super().get_url_logout()}/"

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return what stands before Airflow's own: it asks for a session before a body is read."""
        from entra_sign_in.signed_in import SignedInFirst  # for the API server alone

        return [*super().get_fastapi_middlewares(), (SignedInFirst, {})]
