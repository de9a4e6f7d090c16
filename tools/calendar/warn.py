"""`python -m tools.calendar.warn [FOLDER [DAY]]`: after a synth, what ends within 120 days.

Refuses nothing. Needs no package, so that `make synth` stays quick: the environment files are read
only where there is something to say.
"""

import sys
from datetime import date
from pathlib import Path

from tools.calendar import table
from tools.calendar.judgement import Acknowledged, findings
from tools.calendar.uses import of_environments


def main(out: Path, today: date) -> None:
    """Print the warnings of all environments to stderr."""
    uses, facts = list(of_environments(out)), table.read()
    if list(findings(uses, facts, today, {})):
        for finding in findings(uses, facts, today, acknowledged()):
            print(f"warning: {finding}", file=sys.stderr)


def acknowledged() -> Acknowledged:
    """Return until when each environment of this checkout accepts which end."""
    from environments.load import environment_files, load

    return {
        (environment.name, fact): date.fromisoformat(given.until)
        for environment in load(environment_files())
        for fact, given in environment.acknowledged.items()
    }


if __name__ == "__main__":
    folder, day = [*sys.argv[1:], *["cdktf.out", ""][len(sys.argv) - 1 :]]
    main(Path(folder), date.fromisoformat(day) if day else date.today())
