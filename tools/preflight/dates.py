"""What the environment uses and Azure has ended, by the calendar."""

from collections.abc import Iterator
from datetime import date

from conventions.faults import Fault
from synthesis.reader import Synthesis
from tools.calendar import table
from tools.calendar.judgement import findings
from tools.calendar.uses import of_environments
from tools.preflight.deployment import Deployment


def dates(deployment: Deployment, today: date) -> Iterator[Fault]:
    """Versions that Azure makes no new one of, unless the file acknowledges it."""
    acknowledged = {
        (deployment.env.name, fact): date.fromisoformat(given.until)
        for fact, given in deployment.env.acknowledged.items()
    }
    uses = of_environments(Synthesis(tuple(deployment.stacks)))
    for found in findings(uses, table.read(), today, acknowledged):
        if found.refused:
            version = found.version
            yield Fault(
                place=deployment.place,
                key=f"{found.use.place} = {version.name}",
                problem=f"{found.part.title} {version.name} ended on {version.last}",
                allowed=f"what the calendar has ({version.source})",
                fix=found.part.way_out_of(version.name, today),
            )
