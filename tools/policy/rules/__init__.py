"""The project's own rules: what makes a deployment reliable, beyond what checkov looks at."""

from collections.abc import Iterable

from synthesis.resources import EnvironmentStacks
from tools.policy.results import Result
from tools.policy.rules import reliability, rendered, security, watching
from tools.policy.rules.rule import Rule

RULES: tuple[Rule, ...] = (*reliability.RULES, *security.RULES, *rendered.RULES, *watching.RULES)


def apply(stacks: EnvironmentStacks, rules: Iterable[Rule] = RULES) -> list[Result]:
    """Check every rule on the resources of an environment."""
    return [
        Result(
            environment=stacks.environment,
            stack=resource.stack,
            rule=rule.id,
            resource=resource.address,
            title=rule.title,
            problem=problem,
        )
        for rule in rules
        for resource, problem in rule.check(stacks)
    ]
