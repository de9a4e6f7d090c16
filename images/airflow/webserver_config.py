"""The FAB provider's settings: users sign in to Airflow with Microsoft Entra ID alone.

`[fab] config_file` names this file. The tenant, the application and the credential come from
environment variables, listed in `entra_sign_in/settings.py`; session lifetimes and the proxy's
headers are Airflow options, set by the Helm values (`helm_values/airflow/sign_in.py`).
"""

import os
import sys

from entra_sign_in.oauth import PROVIDER, remote_app
from entra_sign_in.security_manager import EntraSecurityManager
from entra_sign_in.settings import Settings, SettingsError
from entra_sign_in.signed_in import LARGEST_FORM
from flask_appbuilder.const import AUTH_OAUTH

try:
    ENTRA_SIGN_IN = Settings.read(os.environ)
except SettingsError as error:
    sys.exit(str(error))

AUTH_TYPE = AUTH_OAUTH
SECURITY_MANAGER_CLASS = EntraSecurityManager
OAUTH_PROVIDERS = [{"name": PROVIDER, "remote_app": remote_app(ENTRA_SIGN_IN)}]

AUTH_ROLES_MAPPING = ENTRA_SIGN_IN.roles
AUTH_ROLES_SYNC_AT_LOGIN = True
# FAB's own registration form stays closed; EntraSecurityManager adds the users that have a role.
AUTH_USER_REGISTRATION = False

WTF_CSRF_ENABLED = True
# Flask reads a form to find its token, before it asks who sends it
MAX_CONTENT_LENGTH = LARGEST_FORM
SESSION_COOKIE_NAME = "session"  # the name that Airflow's sign-out deletes
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would drop the session on the way back from Entra
