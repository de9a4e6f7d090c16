"""Which rows of Airflow's database each kind of component may read and write, table by table.

Needs nothing of Airflow: `roles` grants it, and whoever judges who can reach what reads it too.
"""

ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
# SQLAlchemy asks for the new row's id, and reading that column alone shows nothing of the log.
APPEND = "INSERT, SELECT (id)"
# Whoever ended a session must not find it open again.
CLOSED = frozenset({"session", "revoked_token"})
# These rows are code to the scheduler and the API server: they unpickle this column of the first
# two, and render the names of log files without a sandbox.
PICKLED = "executor_config"
PICKLED_TABLES = frozenset({"task_instance", "task_instance_history"})
TEMPLATES = "log_template"
OTHERS = "{others}"  # all columns of the table but the pickled one


def of_component(_table: str) -> str:
    """Return what the API server and the scheduler may do with the rows of a table."""
    return ALL


def of_dag_processor(table: str) -> str:
    """Return what the DAG processor may do: the code of DAG files runs in it.

    It must not give itself a role in Airflow, take part in a sign-in, change the log, confuse the
    next migration, or write a row that scheduler or API server run.
    """
    return READ if table in PICKLED_TABLES else _of_foreign_code(table)


def of_triggerer(table: str) -> str:
    """Return what the triggerer may do: the code of triggers runs in it."""
    if table == "task_instance":
        return f"{READ}, UPDATE ({OTHERS})"
    if table == "task_instance_history":
        # A trigger that ends a task writes its last try down; PostgreSQL fills in what is pickled
        return f"{READ}, INSERT"
    return _of_foreign_code(table)


def _of_foreign_code(table: str) -> str:
    if table in CLOSED or table.startswith("ab_"):  # FAB's: users, roles, permissions
        return ""
    if table.startswith("alembic_version") or table == TEMPLATES:
        return READ
    return APPEND if table == "log" else ALL
