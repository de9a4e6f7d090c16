"""Databases of the PostgreSQL server, and the ports that it listens on."""

AIRFLOW = "airflow"
WAREHOUSE = "warehouse"
DATABASES = (AIRFLOW, WAREHOUSE)

SERVER_PORT = 5432
POOLER_PORT = 6432  # built-in PgBouncer ("PgBouncer in Azure Database for PostgreSQL")
