"""What became of the names that Airflow 2 put into the task context and into templates.

The list is that of "Upgrading to Airflow 3", and `conf`, which the 3.x context does not have
either.
"""

REMOVED = {
    "conf": "airflow.configuration, or a Variable",
    "execution_date": "`logical_date` (None for runs that are triggered without one)",
    "next_ds": "`data_interval_end | ds`, after checking what the date means for the new schedule",
    "next_ds_nodash": "`data_interval_end | ds_nodash`, after checking what the date means now",
    "next_execution_date": "`data_interval_end`, after checking what the date means now",
    "prev_ds": "`prev_data_interval_start_success`, or a date computed from `logical_date`",
    "prev_ds_nodash": "`prev_data_interval_start_success`, or a date computed from `logical_date`",
    "prev_execution_date": "`prev_data_interval_start_success`",
    "prev_execution_date_success": "`prev_data_interval_start_success`",
    "tomorrow_ds": "`logical_date.add(days=1)`, formatted as a date",
    "tomorrow_ds_nodash": "`logical_date.add(days=1)`, formatted as a date",
    "yesterday_ds": "`logical_date.subtract(days=1)`, formatted as a date",
    "yesterday_ds_nodash": "`logical_date.subtract(days=1)`, formatted as a date",
}

# Same value in every run that has a date; what depends on the schedule is left to a person.
REPLACED_IN_TEMPLATES = {
    "execution_date": "logical_date",
    "tomorrow_ds": "(logical_date.add(days=1) | ds)",
    "tomorrow_ds_nodash": "(logical_date.add(days=1) | ds_nodash)",
    "yesterday_ds": "(logical_date.subtract(days=1) | ds)",
    "yesterday_ds_nodash": "(logical_date.subtract(days=1) | ds_nodash)",
}

# Names whose value depends on how a cron schedule is understood.
INTERVAL = {
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "execution_date",
    "logical_date",
    "ts",
    "ts_nodash",
}
