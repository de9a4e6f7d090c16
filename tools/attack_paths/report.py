"""Tells in the terminal what is reached: the paths in words, and what to do about each."""

from collections.abc import Iterator, Sequence

from tools.attack_paths.accepted import Accepted, Verdict
from tools.attack_paths.questions import Path


def words(path: Path) -> str:
    """Return a path as one sentence of arrows."""
    return path.start + "".join(f" → ({step.words}) {step.end}" for step in path.steps)


def refusal(path: Path) -> str:
    """Return what is wrong with a path, which step to end, and how to accept it."""
    lines = [f"{path.environment}: {path.start} reaches: {path.goal}", f"    {path.start}"]
    for step in path.steps:
        mark = "  <- end this" if step == path.weakest else ""
        lines.append(f"      {step.words}\n      -> {step.end}{mark}")
    lines += [
        f"    fix: take away the step {path.weakest.name}",
        "    or accept it for a while, in policy/accepted_paths.toml:",
        *(f"        {line}" for line in _table(path)),
    ]
    return "\n".join(lines)


def _table(path: Path) -> list[str]:
    return [
        "[[accepted]]",
        f'starts = ["{path.start}"]',
        f'steps = ["{path.weakest.name}"]',
        f'goals = ["{path.goal}"]',
        f'environments = ["{path.environment}"]',
        'reason = "<why an auditor would accept it>"',
        "until = <the last day, as 2027-06-30>",
    ]


def lines(
    verdicts: Sequence[Verdict], ended: Sequence[Accepted], stale: Sequence[Accepted]
) -> Iterator[str]:
    """Yield the report, what fails last."""
    for verdict in verdicts:
        environment = verdict.facts.environment
        reasons = _each_once([why for _, why in verdict.accepted])
        for reason in reasons:
            yield f"{environment}: accepted until {reason.until}: {reason.reason}"
            for path, why in verdict.accepted:
                if why == reason:
                    yield f"    {words(path)}"
        for text in verdict.facts.left_out:
            yield f"{environment}: left out: {text}"
    for each in stale:
        yield f"no path takes {', '.join(each.steps)}: delete this from the accepted paths"
    for each in ended:
        yield (
            f"accepted until {each.until}, which is over: {', '.join(each.steps)}\n"
            "    fix: end the step, or give a new day and a reason that still holds"
        )
    for verdict in verdicts:
        yield from map(refusal, verdict.refused)
    refused = sum(len(verdict.refused) for verdict in verdicts)
    known = sum(len(verdict.accepted) for verdict in verdicts)
    yield (
        f"attack paths: {refused} not accepted, {known} accepted, {len(ended)} ended, "
        f"{len(stale)} stale"
    )


def _each_once(accepted: Sequence[Accepted]) -> list[Accepted]:
    return [each for place, each in enumerate(accepted) if each not in accepted[:place]]
