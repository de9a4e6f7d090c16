"""What Airflow lacks on Azure: Entra sign-in to PostgreSQL, DAGs and logs in Blob storage."""
