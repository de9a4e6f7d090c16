"""Releases the Airflow image: built, promoted by digest, and checked before a deployment."""
