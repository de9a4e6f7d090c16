"""Airflow on a laptop, with the connections of the platform: `make up`."""
