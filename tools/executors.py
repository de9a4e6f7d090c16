"""Prints the executors of an environment, the default first, separated by commas.

It needs Python's own library alone: `make check-dags` runs it before anything is installed.
"""

import sys

from conventions import company
from conventions.executors import DEFAULT
from conventions.faults import Fault, FaultError
from environments.toml_file import NoFileError, read_toml
from tools.exit_status import Exit


def main() -> None:
    """Print those of the environment in argv, or say why they cannot be known (exit status 2)."""
    try:
        folder = company.environments()
        file = folder / f"{sys.argv[1]}.toml"
        airflow = read_toml(file).get("airflow", {})
        executors = airflow.get("executors", DEFAULT) if isinstance(airflow, dict) else None
        if not isinstance(executors, list | tuple):
            fault = Fault(
                place=str(file),
                key=f"airflow.executors = {executors!r}",
                problem="no list of executors",
                allowed='[airflow] with executors = ["KubernetesExecutor"], or without',
                fix="correct it; `make synth` says what else is wrong in the file",
            )
            raise FaultError([fault])
    except NoFileError:
        fault = Fault(
            place=f"environment {sys.argv[1]!r}",
            problem="there is no such environment",
            allowed=", ".join(sorted(one.stem for one in folder.glob("*.toml"))) or "none",
            fix="name one of these",
        )
        print(fault, file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    print(",".join(executors))


if __name__ == "__main__":
    main()
