"""What an import that failed asks of a person: the exception, as one of the findings."""

import re

from dag_migration import rules
from dag_migration.checks import GONE_ARGUMENTS
from dag_migration.model import Finding, Outcome
from dag_migration.resolution import Answers, missing

NO_MODULE = re.compile(r"No module named '([\w.]+)'")
NO_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
ARGUMENTS = (
    re.compile(r"unexpected keyword argument '(\w+)'"),
    re.compile(r"Invalid arguments were passed to .*?\*\*kwargs: \{'(\w+)'"),
    re.compile(r"missing keyword argument '(\w+)'"),
)
UNREGISTERED = re.compile(r"Timetable class '([\w.]+)' is not reg")
NO_OPTION = re.compile(r"section/key \[([\w./]+)\] not found in config")
SETTINGS = (
    (re.compile(r"Variable (\S+) does not exist"), "the variable"),
    (re.compile(r"Variable (\S+) not found"), "the variable"),
    (re.compile(r"conn_id `?([^`\s]+)`? isn't defined"), "the connection"),
)


def failure(outcome: Outcome, answers: Answers, airflow: str) -> Finding:
    """Return the finding for an import that did not succeed."""
    line, why = outcome.line, outcome.message
    if outcome.outcome == "timeout":
        return rules.HANGS.at(line, why=why)
    if outcome.outcome == "crash":
        return rules.CRASHES.at(line, why=why)
    if found := NO_NAME.search(why):
        name, module = found.groups()
        if module.startswith("airflow."):
            return missing(f"{module}.{name}", line, answers.get((module, name), {}), airflow)
    if (found := NO_NAME.search(why)) and "unknown location" in why:
        return rules.PACKAGE_MISSING.at(line, package=f"{found[2]}.{found[1]}")
    if found := NO_MODULE.search(why):
        module = found[1]
        if not module.startswith("airflow."):
            return rules.PACKAGE_MISSING.at(line, package=module)
        known = next((a for (m, _), a in answers.items() if m == module), {})
        return missing(module, line, known, airflow)
    for pattern in ARGUMENTS:
        if found := pattern.search(why):
            hint = GONE_ARGUMENTS.get(found[1], f", or write its successor ({why})")
            return rules.ARGUMENT.at(line, name=found[1], hint=hint)
    if found := UNREGISTERED.search(why):
        return rules.PLUGIN_MISSING.at(line, name=found[1])
    if found := NO_OPTION.search(why):
        return rules.OPTION_GONE.at(line, name=found[1], airflow=airflow)
    for pattern, what in SETTINGS:
        if found := pattern.search(why):
            return rules.SETTING_MISSING.at(line, what=f"{what} `{found[1]}`")
    return rules.RAISES.at(line, airflow=airflow, why=why)
