"""How browsers reach Airflow: NGINX, the host's Ingress, and its certificate."""
