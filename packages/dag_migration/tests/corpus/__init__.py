"""Released Airflow 2 examples: what they are and how the migration does on them."""
