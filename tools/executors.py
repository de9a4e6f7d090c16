"""Prints the executors of an environment, the default first, separated by commas.

It needs Python's own library alone: `make check-dags` runs it before anything is installed.
"""

import sys
import tomllib

from conventions import company
from conventions.executors import DEFAULT
from conventions.faults import FaultError
from tools.exit_status import Exit


def main() -> None:
    """Print those of the environment in argv, or say why they cannot be known (exit status 2)."""
    try:
        file = company.environments() / f"{sys.argv[1]}.toml"
        airflow = tomllib.loads(file.read_text(encoding="utf-8")).get("airflow", {})
    except (OSError, ValueError, FaultError) as error:
        print(f"no environment {sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    print(",".join(airflow.get("executors", DEFAULT)))


if __name__ == "__main__":
    main()
