"""What several DAGs use: a module beside them, imported by its name."""


def greeting(team: str, day: str) -> str:
    """Return the greeting of a day."""
    return f"Hello from {team} on {day}"
