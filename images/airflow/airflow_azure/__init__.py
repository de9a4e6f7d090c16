"""What Airflow lacks on Azure: Entra sign-in to PostgreSQL, DAGs from Blob storage, safe remote logs."""
