"""`python -m tools.calendar.warn [OUT [DAY [ENVIRONMENTS]]]`: what ends soon, and what is over.

Refuses nothing. Needs no package, so that `make synth` stays quick: the environment files are read
only where there is something to say.
"""

import sys
from datetime import date
from pathlib import Path

from conventions import company
from synthesis.reader import Synthesis
from tools.calendar import table
from tools.calendar.dates import past
from tools.calendar.judgement import Acknowledged, findings
from tools.calendar.uses import of_environments


def main(out: Path, today: date, environments: Path) -> None:
    """Print the warnings of all environments to stderr."""
    synthesis = Synthesis.load(out)
    for warning in past(synthesis, today):
        print(f"warning: {warning}", file=sys.stderr)
    uses, facts = list(of_environments(synthesis)), table.read()
    if list(findings(uses, facts, today, {})):
        for finding in findings(uses, facts, today, acknowledged(environments)):
            print(f"warning: {finding}", file=sys.stderr)


def acknowledged(environments: Path) -> Acknowledged:
    """Return until when each environment of a folder accepts which end."""
    from environments.load import load

    return {
        (environment.name, fact): date.fromisoformat(given.until)
        for environment in load(sorted(environments.glob("*.toml")))
        for fact, given in environment.acknowledged.items()
    }


if __name__ == "__main__":
    given, defaults = sys.argv[1:], [str(company.output()), "", str(company.environments())]
    out, day, environments = [*given, *defaults[len(given) :]]
    main(Path(out), date.fromisoformat(day) if day else date.today(), Path(environments))
