"""Values of the Airflow chart for the sign-in with Microsoft Entra ID."""

from typing import Any

from helm_values.key_vault import volume

SECRET_FOLDER = "/mnt/entra"
SECRET_FILE = "client-secret"


def sign_in_values(
    *,
    host: str,
    tenant_id: str,
    client_id: str,
    authority: str = "https://login.microsoftonline.com",
    support_contact: str = "",
    client_secret_provider_class: str = "",
    session_minutes: int = 480,
    token_minutes: int = 60,
) -> dict[str, Any]:
    """Return the part of the chart's values that `images/airflow/webserver_config.py` relies on.

    Args:
        host: the name users type, without scheme; the Entra application must have the redirect URI
            `redirect_uri(host)` of `conventions.redirect`.
        tenant_id: the directory's GUID.
        client_id: the application's GUID.
        authority: the sign-in service of the cloud, `https://` and a host.
        support_contact: whom users shall ask, shown on the page of a refused sign-in.
        client_secret_provider_class: a SecretProviderClass that holds the application's secret as
            the file `SECRET_FILE`; empty lets the workload identity's token prove the client.
        session_minutes: users sign in again at the latest after this time.
        token_minutes: lifetime of the API token that the browser gets; the session renews it.
    """
    env = {
        "ENTRA_TENANT_ID": tenant_id,
        "ENTRA_CLIENT_ID": client_id,
        "ENTRA_AUTHORITY": authority,
        "ENTRA_SUPPORT_CONTACT": support_contact,
    }
    api_server: dict[str, Any] = {}
    if client_secret_provider_class:
        env["ENTRA_CLIENT_SECRET_FILE"] = f"{SECRET_FOLDER}/{SECRET_FILE}"
        api_server = {
            "extraVolumes": [volume(name="entra", provider_class=client_secret_provider_class)],
            "extraVolumeMounts": [{"name": "entra", "mountPath": SECRET_FOLDER, "readOnly": True}],
        }
    api_server["env"] = [{"name": name, "value": value} for name, value in env.items()]
    return {
        "config": {
            "api": {"base_url": f"https://{host}"},
            "api_auth": {"jwt_expiration_time": str(token_minutes * 60)},
            "core": {
                "auth_manager": (
                    "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
                ),
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
        "apiServer": api_server,
        # It would make a user with a password, and passwords are refused.
        "createUserJob": {"enabled": False},
    }
