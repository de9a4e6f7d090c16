"""Tests of `make up`: Airflow on a machine without Docker."""
