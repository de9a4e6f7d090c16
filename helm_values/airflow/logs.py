"""Task logs: written to the logs container by the identity of the pod that writes them."""

from conventions.containers import LOGS
from helm_values.merge import Values


def log_values() -> Values:
    """Return remote logging to Blob storage, through the connection `wasb_default`."""
    return {
        "config": {
            "logging": {
                "remote_logging": "True",
                # Writes again what storage did not take; the provider's own writer gives up.
                "logging_config_class": "airflow_azure.logs.LOGGING_CONFIG",
                "remote_base_log_folder": "wasb://tasks",
                "remote_log_conn_id": "wasb_default",
            },
            "azure_remote_logging": {"remote_wasb_log_container": LOGS},
            # The API server asks triggerers and workers for the logs of what still runs; their pods
            # have no name in DNS.
            "core": {"hostname_callable": "airflow.utils.net.get_host_ip_address"},
        }
    }
