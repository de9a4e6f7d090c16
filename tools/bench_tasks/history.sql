-- A history as Airflow writes it: `runs` runs of the DAGs that are there, spread over `days` days,
-- each with `tasks` tasks, and what tasks leave: two events, every third an XCom, the last 30 runs
-- of a task their rendered fields.
-- Foreign keys hold by themselves, and indexes are made at the end: row by row it takes hours.
SET session_replication_role = replica;
CREATE TEMP TABLE made_again AS SELECT indexname, indexdef FROM pg_indexes
  WHERE tablename IN ('task_instance', 'log', 'xcom')
    AND indexname NOT IN (SELECT conname FROM pg_constraint);
SELECT format('DROP INDEX %I', indexname) FROM made_again \gexec

INSERT INTO dag_run (dag_id, run_id, run_type, triggered_by, state, logical_date,
    data_interval_start, data_interval_end, run_after, queued_at, start_date, end_date,
    last_scheduling_decision, conf, bundle_version, created_dag_version_id, created_at, updated_at)
  SELECT dag_id, 'scheduled__' || to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
      || '+00:00', 'scheduled', 'timetable',
    CASE WHEN number % 33 = 0 THEN 'failed' ELSE 'success' END,
    began, began, began, began, began, began, began + interval '5 minutes',
    began + interval '5 minutes', '{}', bundle_version, version, began, began
  FROM generate_series(0, :runs - 1) AS number
  JOIN (SELECT dag_id, id AS version, bundle_version, row_number() OVER (ORDER BY dag_id) - 1
      AS place, count(*) OVER () AS dags FROM dag_version WHERE version_number = 1) AS known
    ON place = number % dags,
  LATERAL (SELECT now() - make_interval(secs => :days * 86400.0 * (:runs - number) / :runs))
    AS at (began)
  ORDER BY number;

INSERT INTO task_instance (id, task_id, dag_id, run_id, start_date, end_date, duration, state,
    try_number, max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator,
    queued_dttm, scheduled_dttm, queued_by_job_id, last_heartbeat_at, pid, executor_config,
    updated_at, external_executor_id, task_display_name, dag_version_id)
  -- ids of tasks begin with their time (UUID 7)
  SELECT (lpad(to_hex((extract(epoch FROM began) * 1000)::bigint), 12, '0') || '7' ||
      substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid,
    task_id, dag_id, run_id, began, began + interval '20 seconds', 20,
    CASE WHEN dag_run.state = 'failed' AND number = :tasks - 1 THEN 'failed' ELSE 'success' END,
    1, 0, '10.20.3.' || number % 250, 'airflow', 'default_pool', 1, 'default', 1, 'BashOperator',
    began - interval '1 second', began - interval '2 seconds', 1, began + interval '20 seconds',
    7, '\x80057d942e', began + interval '20 seconds', '1', task_id, created_dag_version_id
  FROM (SELECT * FROM dag_run WHERE run_type = 'scheduled' ORDER BY id) AS dag_run,
    generate_series(0, :tasks - 1) AS number,
  LATERAL (SELECT start_date + number * interval '5 seconds', 'task_' || lpad(number::text, 4, '0'),
    md5(dag_run.run_id || number)) AS task (began, task_id, noise);

INSERT INTO log (dttm, dag_id, task_id, run_id, map_index, event, try_number, owner, logical_date)
  SELECT start_date, dag_id, task_id, run_id, map_index, event, 1, 'airflow', start_date
  FROM (SELECT * FROM task_instance WHERE queued_by_job_id = 1 ORDER BY id) AS task,
    unnest(array['running', 'success']) AS event;

INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
  SELECT dag_run.id, task_id, map_index, 'return_value', dag_id, run_id,
    '"abfss://data@lake/orders/2026-11-27.parquet"', task_instance.end_date
  FROM task_instance JOIN dag_run USING (dag_id, run_id)
  WHERE right(task_id, 1) IN ('0', '3', '6', '9');

INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, map_index, rendered_fields)
  SELECT dag_id, task_id, run_id, -1, '{"bash_command": "true", "env": null, "cwd": null}'
  FROM (SELECT dag_id, run_id, rank() OVER (PARTITION BY dag_id ORDER BY id DESC) AS age
    FROM dag_run) AS last JOIN task_instance USING (dag_id, run_id) WHERE age <= 30;

SELECT indexdef FROM made_again \gexec
