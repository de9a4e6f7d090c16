"""Shows a verdict: as tables for people, as JSON for programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.policy.gate import Verdict
from tools.policy.results import Result
from tools.policy.rules import RULES

AKS = "azurerm_kubernetes_cluster"
PAGES = {rule.id: rule.page for rule in RULES}


def show(verdict: Verdict, console: Console) -> None:
    """Print a table of the stacks, the waivers in force, what is broken, and the sum."""
    console.print(_stacks(verdict))
    console.print(_waivers(verdict))
    for result in verdict.broken:
        page = f"\n    page: {PAGES[result.rule]}" if result.rule in PAGES else ""
        console.print(
            f"[red]broken[/] {result.stack}-{result.environment}: {escape(result.resource)}: "
            f"{result.rule} {escape(result.title)}\n"
            f"    found: {escape(str(result.problem))}{page}\n"
            "    fix: fix the construct, or waive the rule in policy/waivers.toml with a reason",
            highlight=False,
            soft_wrap=True,
        )
    for stale in verdict.stale:
        console.print(
            f"[red]stale[/] {stale.waiver.rule} on {escape(stale.waiver.resource)}: nothing in "
            f"{stale.environment} breaks it\n"
            f'    fix: delete "{stale.environment}" from the environments of its waiver',
            highlight=False,
            soft_wrap=True,
        )
    for line in _sums(verdict):
        console.print(line, highlight=False, soft_wrap=True)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as data: counts, and every broken, waived and stale item."""
    return {
        "passed": verdict.passed,
        "aks_rules": {name: aks_score(verdict, name) for name in _environments(verdict)},
        "results": len(verdict.results),
        "broken": [_described(result) for result in verdict.broken],
        "waived": [
            {**_described(result), "reason": waiver.reason} for result, waiver in verdict.waived
        ],
        "stale": [
            {
                "rule": stale.waiver.rule,
                "resource": stale.waiver.resource,
                "environment": stale.environment,
            }
            for stale in verdict.stale
        ],
    }


def aks_score(verdict: Verdict, environment: str) -> tuple[int, int]:
    """Return how many of checkov's rules the cluster keeps, and how many there are."""
    rules: dict[str, bool] = {}
    for result in verdict.results:
        of_cluster = result.environment == environment and result.resource.split(".")[0] == AKS
        if of_cluster and result.rule.startswith("CKV"):
            rules[result.rule] = rules.get(result.rule, True) and not result.failed
    return sum(rules.values()), len(rules)


def _stacks(verdict: Verdict) -> Table:
    table = Table(title="Policy gate", title_justify="left")
    for name in ("environment", "stack"):
        table.add_column(name)
    for name in ("checkov kept", "own rules kept", "waived", "broken"):
        table.add_column(name, justify="right")
    kept, waived, broken = _counts(verdict)
    stacks = sorted({(result.environment, result.stack) for result in verdict.results})
    for stack in stacks:
        table.add_row(
            *stack,
            str(kept[*stack, "CKV"]),
            str(kept[*stack, "AOA"]),
            str(waived[stack]),
            f"[red]{broken[stack]}[/]" if broken[stack] else "0",
        )
    return table


def _counts(
    verdict: Verdict,
) -> tuple[Mapping[Any, int], Mapping[Any, int], Mapping[Any, int]]:
    kept = Counter(
        (result.environment, result.stack, result.rule[:3])
        for result in verdict.results
        if not result.failed
    )
    waived = Counter((result.environment, result.stack) for result, _ in verdict.waived)
    broken = Counter((result.environment, result.stack) for result in verdict.broken)
    return kept, waived, broken


def _waivers(verdict: Verdict) -> Table:
    table = Table(title="Waivers in force", title_justify="left")
    for name in ("rule", "environments", "findings", "reason"):
        table.add_column(name, overflow="fold")
    findings = Counter(waiver.rule for _, waiver in verdict.waived)
    for waiver in {id(waiver): waiver for _, waiver in verdict.waived}.values():
        where = ", ".join(waiver.scopes)
        table.add_row(waiver.rule, where, str(findings[waiver.rule]), escape(waiver.reason))
    return table


def _sums(verdict: Verdict) -> Sequence[str]:
    lines = []
    for name in _environments(verdict):
        kept, of = aks_score(verdict, name)
        waivers = {waiver.rule for result, waiver in verdict.waived if result.environment == name}
        lines.append(f"{name}: {kept} of {of} AKS rules of checkov kept, {len(waivers)} waivers")
    word = "[green]passed[/]" if verdict.passed else "[red]failed[/]"
    failures = f"{len(verdict.broken)} broken, {len(verdict.stale)} stale waivers"
    return [*lines, f"{word}: {len(verdict.results)} results, {failures}"]


def _environments(verdict: Verdict) -> Sequence[str]:
    return sorted({result.environment for result in verdict.results})


def _described(result: Result) -> dict[str, Any]:
    return {
        "rule": result.rule,
        "title": result.title,
        "environment": result.environment,
        "stack": result.stack,
        "resource": result.resource,
        "problem": result.problem,
    }
