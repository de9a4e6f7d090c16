"""What each app role of Airflow may do: the HTTP statuses of four requests of its browser."""

READ_DAGS = ("GET", "/api/v2/dags", None)
READ_CONNECTIONS = ("GET", "/api/v2/connections", None)
REQUESTS = {
    "read DAGs": READ_DAGS,
    "start a run": ("POST", "/api/v2/dags/absent/dagRuns", {"logical_date": None}),
    "read connections": READ_CONNECTIONS,
    "list users": ("GET", "/auth/fab/v1/users", None),
}
# 404: allowed, but there is no such DAG. 403: not allowed.
MAY = {
    role: dict(zip(REQUESTS, statuses, strict=True))
    for role, statuses in {
        "Airflow.Viewer": (200, 403, 403, 403),
        "Airflow.User": (200, 404, 403, 403),
        "Airflow.Op": (200, 404, 200, 403),
        "Airflow.Admin": (200, 404, 200, 200),
    }.items()
}
# asks as the page's user, and returns the status
FETCH = """async ([method, path, body]) => {
    const answer = await fetch(path, {
        method, redirect: "manual", body: body && JSON.stringify(body),
        headers: body ? {"Content-Type": "application/json"} : {},
    });
    return answer.status;
}"""
