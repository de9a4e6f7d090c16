"""Prints the executors of an environment, the default first, separated by commas.

It needs Python's own library alone: `make check-dags` runs it before anything is installed.
"""

import sys
import tomllib

from conventions import company
from conventions.executors import DEFAULT
from conventions.faults import Fault, FaultError
from tools.exit_status import Exit


def main() -> None:
    """Print those of the environment in argv, or say why they cannot be known (exit status 2)."""
    try:
        folder = company.environments()
        file = folder / f"{sys.argv[1]}.toml"
        airflow = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("airflow", {})
    except FileNotFoundError:
        fault = Fault(
            place=f"environment {sys.argv[1]!r}",
            problem="there is no such environment",
            allowed=", ".join(sorted(one.stem for one in folder.glob("*.toml"))) or "none",
            fix="name one of these",
        )
        print(fault, file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    except (OSError, ValueError, FaultError) as error:
        print(f"environment {sys.argv[1]!r}: {error}", file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    print(",".join(airflow.get("executors", DEFAULT)))


if __name__ == "__main__":
    main()
