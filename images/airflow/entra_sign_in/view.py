"""The pages of the sign-in: where it begins, where Entra sends users back to, where it ends."""

import logging
import secrets
from pathlib import Path
from typing import Any

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.configuration import conf
from airflow.providers.fab.www.views import redirect
from flask import Response, abort, current_app, g, make_response, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.views import AuthOAuthView
from flask_appbuilder.utils.base import get_safe_redirect
from flask_login import login_user

from entra_sign_in.oauth import CLOCK_SKEW_SECONDS, PROVIDER, accepted_claims
from entra_sign_in.refusal import Refusal, SignInRefusedError, refusal_of
from entra_sign_in.settings import Settings

log = logging.getLogger(__name__)

_NEXT = "entra_sign_in_next"


class EntraSignInView(AuthOAuthView):
    """Replaces FAB's view, which tells users and the log little about why a sign-in failed.

    It also keeps no access token in the session and returns users to the page they came for.
    """

    template_folder = str(Path(__file__).parent / "templates")

    @expose("/login/")
    @expose("/login/<provider>")
    def login(self, provider: str | None = None) -> Response:
        """Send the user to Entra, or show the start page to one who has just signed out."""
        if provider not in (None, PROVIDER):
            abort(404)
        if g.user is not None and g.user.is_authenticated:
            return redirect(self._safe(request.args.get("next")))
        if provider is None and "next" not in request.args:
            return self._page("start.html", 200)
        session[_NEXT] = request.args.get("next")
        # The button of the start page lets users choose another account than the last one.
        prompt = {"prompt": "select_account"} if provider and not request.args.get("next") else {}
        try:
            # Not `_external`: that is the Host header, which a client chooses
            path = url_for(".oauth_authorized", provider=PROVIDER)
            redirect_uri = f"{conf.get('api', 'base_url').rstrip('/')}{path}"
            return self._client().authorize_redirect(redirect_uri, **prompt)
        except Exception as error:
            return self._refused(refusal_of(error))

    @expose("/logout/")
    def logout(self) -> Response:
        """Delete the session's row and both cookies, and show the start page."""
        session.clear()
        response: Response = make_response("", 302, {"Location": url_for(".login")})
        response.delete_cookie(COOKIE_NAME_JWT_TOKEN, secure=True, httponly=True)
        return response

    @expose("/oauth-authorized/<provider>")
    def oauth_authorized(self, provider: str) -> Response:
        """Check what Entra sent back and open the session."""
        if provider != PROVIDER:
            abort(404)
        try:
            token = self._client().authorize_access_token(
                claims_options=accepted_claims(self._settings()), leeway=CLOCK_SKEW_SECONDS
            )
            if "id_token" not in token:  # without it, "userinfo" would not be ours but the answer's
                raise SignInRefusedError(Refusal.NOT_TRUSTED, "the answer holds no ID token")
            user = self.appbuilder.sm.sign_in(token["userinfo"])
        except Exception as error:
            return self._refused(refusal_of(error))
        target = self._safe(session.pop(_NEXT, None))
        login_user(user)
        g.user = user  # redirect() puts the API's token cookie into the answer for this user
        return redirect(target)

    # Not properties: FAB looks at every attribute of a view before the view has an appbuilder.
    def _client(self) -> Any:
        return self.appbuilder.sm.oauth_remotes[PROVIDER]

    def _settings(self) -> Settings:
        settings: Settings = current_app.config["ENTRA_SIGN_IN"]
        return settings

    def _safe(self, target: str | None) -> str:
        if target and target.isprintable():  # a header holds no line break
            return get_safe_redirect(target)
        return self.appbuilder.get_url_for_index

    def _refused(self, refused: SignInRefusedError) -> Response:
        reference = secrets.token_hex(4)
        log.warning(
            "Sign-in refused (%s, reference %s): %s", refused.refusal.name, reference, refused
        )
        session.clear()
        page = refused.refusal.value
        advice = page.advice.format(
            contact=self._settings().support_contact, account=refused.account
        )
        return self._page(
            "refused.html", page.status, title=page.title, advice=advice, reference=reference
        )

    def _page(self, template: str, status: int, **values: str) -> Response:
        page = self.render_template(
            f"entra_sign_in/{template}",
            sign_in_url=url_for(".login", provider=PROVIDER),
            **values,
        )
        response = make_response(page, status)
        response.headers["Cache-Control"] = "no-store"
        return response
