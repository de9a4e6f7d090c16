"""What a rule says of a resource."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Result:
    """One rule held against one resource; `problem` is None where the rule is kept."""

    environment: str
    stack: str
    rule: str
    resource: str
    title: str
    problem: str | None

    @property
    def failed(self) -> bool:
        """Whether the rule is broken."""
        return self.problem is not None
