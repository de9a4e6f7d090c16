"""The price of an environment: Markdown for people and reviews."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.cost.items import Item
from tools.cost.prices import Prices

NONE = "no price"


@dataclass(frozen=True, kw_only=True)
class CostReport:
    """What an environment costs a month, and what it cost before a change."""

    environment: str
    items: Sequence[Item]
    left_out: Sequence[str]
    prices: Prices
    before: Sequence[Item] | None = None
    """The items before the change; None where no change is looked at."""

    def total(self, items: Sequence[Item]) -> tuple[float, float]:
        """Sum of what has a price, at the fewest and at the most nodes."""
        priced = [(item, price.a_month) for item in items if (price := self.prices.of(item))]
        return (
            sum(amount * item.least for item, amount in priced),
            sum(amount * item.most for item, amount in priced),
        )

    @property
    def unpriced(self) -> list[Item]:
        """What has no price."""
        return [item for item in self.items if self.prices.of(item) is None]

    @property
    def verdict(self) -> str:
        """The price in a few words."""
        if len(self.unpriced) == len(self.items):
            return "no prices; fetch them: make prices"
        told = self._range(*self.total(self.items))
        more = f", and {len(self.unpriced)} without a price" if self.unpriced else ""
        return f"{told} a month{more}"

    def to_markdown(self) -> str:
        """Return the report as a comment; a check mark begins it, since it refuses nothing."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"## ✅ Price of `{self.environment}`: {self.verdict}"
        if self.before is not None:
            yield from self._change(self.before)
        yield "\n| what | how many | a month | price and source |\n| --- | --- | ---: | --- |"
        for item in self.items:
            yield f"| {item.key} | {_count(item)} | {self._amount(item)} | {self._source(item)} |"
        yield "\n### Not in it, since it depends on use\n"
        yield from (f"- {said}" for said in self.left_out)

    def _change(self, before: Sequence[Item]) -> Iterator[str]:
        old, new = ({item.key: item for item in items} for items in (before, self.items))
        changed = [
            key
            for key in sorted({*old, *new})
            if key not in old or key not in new or _count(old[key]) != _count(new[key])
        ]
        if not changed:
            yield "\nThe change adds nothing to it and takes nothing away."
            return
        (least, most), (was_least, was_most) = self.total(self.items), self.total(before)
        yield f"\nThe change: {self._range(least - was_least, most - was_most, '+')} a month.\n"
        yield "| what | before | after | a month before | a month after |"
        yield "| --- | --- | --- | ---: | ---: |"
        for key in changed:
            cells = [old.get(key), new.get(key)]
            counts = " | ".join(_count(item) if item else "none" for item in cells)
            amounts = " | ".join(self._amount(item) if item else "0" for item in cells)
            yield f"| {key} | {counts} | {amounts} |"

    def _amount(self, item: Item) -> str:
        price = self.prices.of(item)
        if price is None:
            return NONE
        return self._range(price.a_month * item.least, price.a_month * item.most)

    def _range(self, least: float, most: float, sign: str = "") -> str:
        told = [f"{amount:{sign},.0f}" for amount in (least, most)]
        return f"{' to '.join(dict.fromkeys(told))} {self.prices.currency}"

    def _source(self, item: Item) -> str:
        price = self.prices.of(item)
        if price is None:
            return "make prices, or a quote in prices.toml"
        return f"{price.amount:g} / {price.unit}, {price.source}, {price.read}"


def _count(item: Item) -> str:
    return " to ".join(dict.fromkeys(f"{count:g}" for count in (item.least, item.most)))
