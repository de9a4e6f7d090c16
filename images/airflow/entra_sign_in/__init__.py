"""Sign-in with Microsoft Entra ID: what `webserver_config.py` plugs into the FAB provider."""
