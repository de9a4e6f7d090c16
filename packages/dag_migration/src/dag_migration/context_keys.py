"""What became of the names that Airflow 2 put into the task context and into templates.

The list is that of "Upgrading to Airflow 3", and what the 3.x context does not have either: `conf`,
`expanded_ti_count`, `test_mode`. Attributes are those that Airflow 2.10's classes have and those
of 3.3's task code lack.
"""

REMOVED = {
    "conf": "airflow.configuration, or a Variable",
    "execution_date": "`logical_date` (None for runs that are triggered without one)",
    "expanded_ti_count": "the length of what the task is mapped over",
    "next_ds": "`data_interval_end | ds`",
    "next_ds_nodash": "`data_interval_end | ds_nodash`",
    "next_execution_date": "`data_interval_end`",
    "prev_ds": "`prev_data_interval_start_success`, or a date computed from `logical_date`",
    "prev_ds_nodash": "`prev_data_interval_start_success`, or a date computed from `logical_date`",
    "prev_execution_date": "`prev_data_interval_start_success`, or a date computed from "
    "`logical_date`",
    "prev_execution_date_success": "`prev_data_interval_start_success`",
    "test_mode": "a variable or a parameter of your own",
    "tomorrow_ds": "`logical_date.add(days=1)`, formatted as a date",
    "tomorrow_ds_nodash": "`logical_date.add(days=1)`, formatted as a date",
    "triggering_dataset_events": "`triggering_asset_events`",
    "yesterday_ds": "`logical_date.subtract(days=1)`, formatted as a date",
    "yesterday_ds_nodash": "`logical_date.subtract(days=1)`, formatted as a date",
}

# The run's date, in the environment of what a task starts.
ENVIRONMENT = ("AIRFLOW_CTX_EXECUTION_DATE", "AIRFLOW_CTX_LOGICAL_DATE")
# The same thing under another name. The end of the interval is when the run starts, in Airflow 2
# and under each meaning that a cron schedule can have in Airflow 3.
RENAMED = {
    "execution_date": "logical_date",
    "next_execution_date": "data_interval_end",
    "prev_execution_date_success": "prev_data_interval_start_success",
    "triggering_dataset_events": "triggering_asset_events",
}
# The same date, from another name: what to call on it.
_DAYS = {
    "next_ds": ("data_interval_end", ""),
    "tomorrow_ds": ("logical_date", ".add(days=1)"),
    "yesterday_ds": ("logical_date", ".subtract(days=1)"),
}
REPLACED_IN_TEMPLATES = (
    RENAMED
    | {key: f"({name}{call} | ds)" for key, (name, call) in _DAYS.items()}
    | {f"{key}_nodash": f"({name}{call} | ds_nodash)" for key, (name, call) in _DAYS.items()}
)
COMPUTED = {key: (name, f'{call}.strftime("%Y-%m-%d")') for key, (name, call) in _DAYS.items()} | {
    f"{key}_nodash": (name, f'{call}.strftime("%Y%m%d")') for key, (name, call) in _DAYS.items()
}

# Names whose value depends on how a cron schedule is understood.
INTERVAL = {
    "data_interval_start",
    "ds",
    "ds_nodash",
    "execution_date",
    "logical_date",
    "ts",
    "ts_nodash",
}
# When the run starts: with one of the above, the end of an interval.
INTERVAL_END = {"data_interval_end", "next_ds", "next_ds_nodash", "next_execution_date"}

OWNERS = {"dag": "dag", "dag_run": "dag_run", "task_instance": "ti", "ti": "ti"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GONE_ATTRIBUTES = {
    "dag": _words("""
        clear concurrency create_dagrun date_range default_view filepath following_schedule
        full_filepath get_active_runs get_dagrun get_dagruns_between get_is_paused
        get_last_dagrun get_latest_execution_date get_num_active_runs get_run_data_interval
        get_run_dates get_task_instances has_dag_runs is_paused is_subdag
        iter_dagrun_infos_between latest_execution_date log next_dagrun_after_date
        next_dagrun_info normalized_schedule_interval orientation parent_dag previous_schedule
        run schedule_interval set_dag_runs_state sub_dag subdags sync_to_db tree_view
    """),
    "dag_run": _words("""
        dag execution_date external_trigger get_dag get_previous_dagrun
        get_previous_scheduled_dagrun get_state get_task_instance get_task_instances id
        is_backfill queued_at refresh_from_db set_state task_instances update_state
    """),
    "ti": _words("""
        are_dependencies_met clear_xcom_data current_state dag_run duration email_alert
        execution_date executor_config get_dagrun get_previous_execution_date
        get_previous_start_date get_rendered_template_fields is_premature job_id key log
        next_try_number note operator pid pool previous_start_date_success previous_ti
        previous_ti_success priority_weight refresh_from_db run set_state unixname
    """),
}
