"""Values of the Airflow chart for the sign-in with Microsoft Entra ID."""

import json

from environments.sign_in import RoleNames
from helm_values.airflow.secrets import SECRETS_FOLDER
from helm_values.airflow.settings import literal
from helm_values.merge import Values

AUTHORITY = "https://login.microsoftonline.com"
TOKEN_MINUTES = 60  # of the API token that the browser gets; the session renews it
DEFAULT_ROLES = RoleNames()
AUTH_MANAGER = "entra_sign_in.auth_manager.EntraAuthManager"


def sign_in_values(
    *,
    host: str,
    tenant_id: str,
    client_id: str,
    support_contact: str,
    session_minutes: int,
    client_secret: str | None = None,
    role_names: RoleNames = DEFAULT_ROLES,
) -> Values:
    """Return the part of the chart's values that `images/airflow/webserver_config.py` relies on.

    Args:
        host: the name users type, without scheme; the Entra application must have the redirect URI
            `redirect_uri(host)` of `conventions.redirect`.
        tenant_id: the directory's GUID.
        client_id: the application's GUID.
        support_contact: whom users shall ask, shown on the page of a refused sign-in.
        session_minutes: users sign in again at the latest after this time.
        client_secret: the vault's secret that proves the client, which the API server mounts;
            None lets the workload identity's token prove it.
        role_names: of the app roles; by default those that the image knows.
    """
    env = {
        "ENTRA_TENANT_ID": tenant_id,
        "ENTRA_CLIENT_ID": client_id,
        "ENTRA_AUTHORITY": AUTHORITY,
        "ENTRA_SUPPORT_CONTACT": support_contact,
    }
    if client_secret:
        env["ENTRA_CLIENT_SECRET_FILE"] = f"{SECRETS_FOLDER}/{client_secret}"
    if role_names != DEFAULT_ROLES:
        roles = {name: role for role, name in role_names.by_role.items()}
        env["ENTRA_ROLES"] = literal(json.dumps(roles))
    return {
        "config": {
            # Swagger's pages load scripts from a public CDN.
            "api": {"base_url": f"https://{host}", "enable_swagger_ui": "False"},
            "api_auth": {"jwt_expiration_time": str(TOKEN_MINUTES * 60)},
            "core": {
                "auth_manager": AUTH_MANAGER,
            },
            "fab": {
                "enable_proxy_fix": "True",
                # The ingress controller never sets this header: a client's own must not count.
                "proxy_fix_x_prefix": "0",
                "cookie_secure": "True",
                "cookie_samesite": "Lax",
                "session_backend": "database",
                "session_lifetime_minutes": str(session_minutes),
                "session_max_lifetime_minutes": str(session_minutes),
            },
        },
        "apiServer": {"env": [{"name": name, "value": value} for name, value in env.items()]},
        # It would make a user with a password, and passwords are refused.
        "createUserJob": {"enabled": False},
    }
