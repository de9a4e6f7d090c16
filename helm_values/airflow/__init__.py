"""Values of the Airflow chart, one topic a file, and the objects beside its release."""
