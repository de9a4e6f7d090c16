"""Names that Azure, Kubernetes, Airflow and Entra must spell alike; imports nothing of ours."""
