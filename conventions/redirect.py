"""Where Entra sends users back after sign-in."""


def redirect_uri(host: str) -> str:
    """Return the redirect URI of Airflow at `host`: FAB's path for the provider `azure`."""
    return f"https://{host}/auth/oauth-authorized/azure"
