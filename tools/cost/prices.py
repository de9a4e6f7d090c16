"""The table of prices: rows of Azure's Retail Prices API with their date, and quoted ones.

learn.microsoft.com: "Azure Retail Prices overview". The API asks for no sign-in. Prices in another
currency than USD are Microsoft's own conversion, for estimates.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tomli_w
from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest
from pydantic import Field

from conventions.faults import Fault, FaultError
from environments.load import read_as
from environments.toml_file import NoFileError
from environments.types import Day, Section
from tools.cost.items import Item

API = "https://prices.azure.com/api/retail/prices"
FILE = "prices.toml"
HOURS = 730  # of a month, as Azure's own calculator counts
_A_MONTH = {"hour": HOURS, "day": HOURS / 24, "month": 1, "gb/month": 1, "gib/month": 1}
_HEADER = """\
# Prices of Azure by which `make cost` counts. `make prices` fetches them again and rewrites the
# rows of its own source; a row with another source, such as a quote, stays and goes first.
"""


class PricesError(FaultError):
    """The table or the API gives no prices."""


class Price(Section):
    """What one unit costs."""

    item: Annotated[str, Field(examples=["..."], description="the item, as `make cost` prints it")]
    amount: Annotated[float, Field(ge=0, examples=[0.5], description="price of a unit")]
    unit: Annotated[
        str, Field(examples=["1 Hour"], description="as the API spells it: 1 Hour, 1/Day")
    ]
    source: Annotated[str, Field(examples=["a quote"], description="who says so")]
    read: Annotated[Day, Field(examples=["2026-11-20"], description="day on which it was read")]
    meter: str = ""

    @property
    def a_month(self) -> float:
        """The amount for a month.

        Raises:
            PricesError: the unit is none that is known.
        """
        found = re.fullmatch(r"(\d+)\s*/?\s*(\D+)", self.unit.strip())
        factor = _A_MONTH.get(found[2].strip().lower()) if found else None
        if found is None or factor is None:
            fault = Fault(
                place=FILE,
                key=f"{self.item}: unit = {self.unit}",
                problem="is no unit of time",
                allowed="1 Hour, 1/Day, 1/Month, 1 GB/Month",
                fix="correct the row, or delete it and run: make prices",
            )
            raise PricesError([fault])
        return self.amount * factor / int(found[1])


class _Table(Section):
    page: ClassVar[str] = "docs/how-to/operate/costs.md"

    currency: Annotated[str, Field(examples=["EUR"], description="currency of all rows")]
    price: Annotated[list[Price], Field(description="tables [[price]]")] = []  # noqa: RUF012


@dataclass(frozen=True, kw_only=True)
class Prices:
    """A table of prices in one currency."""

    currency: str = "USD"
    rows: Sequence[Price] = ()

    def of(self, item: Item) -> Price | None:
        """Return the price of an item, a quoted one first; None where the table has none."""
        found = [row for row in self.rows if row.item == item.key]
        return next((row for row in found if row.source != API), found[0] if found else None)

    @classmethod
    def read(cls, file: Path) -> "Prices":
        """Read the table; none is an empty one.

        Raises:
            FaultError: it is not a table of prices; with every reason.
        """
        try:
            table = read_as(_Table, file)
        except NoFileError:
            return cls()
        return cls(currency=table.currency, rows=table.price)

    def write(self, file: Path) -> None:
        """Write the table, sorted."""
        rows = [
            row.model_dump() for row in sorted(self.rows, key=lambda row: (row.item, row.source))
        ]
        text = tomli_w.dumps({"currency": self.currency, "price": rows})
        file.write_text(_HEADER + text, encoding="utf-8")

    def renewed(self, fetched: Sequence[Price]) -> "Prices":
        """Return the table with new rows of the API; what somebody quoted stays."""
        kept = [row for row in self.rows if row.source != API]
        return Prices(currency=self.currency, rows=[*kept, *fetched])


def fetch(items: Iterable[Item], currency: str, api: str = API) -> tuple[list[Price], list[str]]:
    """Ask for the price of each item; returns prices, and why an item has none.

    Raises:
        PricesError: the API cannot be asked.
    """
    asked: dict[str, list[Mapping[str, Any]]] = {}
    prices, missing = [], []
    for item in items:
        wanted = _filter(item)
        if wanted not in asked:
            asked[wanted] = list(_rows(api, wanted, currency))
        fitting = _nearest([row for row in asked[wanted] if item.fits(row)], item)
        amounts = {(row["retailPrice"], row["unitOfMeasure"]) for row in fitting}
        if len(amounts) != 1:
            why = f"{len(amounts)} different prices fit" if amounts else "Azure names none"
            missing.append(f"{item.key}: {why}")
            continue
        row = fitting[0]
        prices.append(
            Price(
                item=item.key,
                amount=row["retailPrice"],
                unit=row["unitOfMeasure"],
                source=API,
                read=date.today(),
                meter=f"{row['productName']}, {row['skuName']}, {row['meterName']}",
            )
        )
    return prices, missing


def _filter(item: Item) -> str:
    parts = [f"serviceName eq '{item.service}'", "priceType eq 'Consumption'"]
    regions = " or ".join(f"armRegionName eq '{region}'" for region in item.regions)
    parts.append(f"({regions})" if item.anywhere else regions)
    if "armSkuName" in item.match:  # there are thousands of machines
        parts.append(f"armSkuName eq '{item.match['armSkuName']}'")
    return " and ".join(parts)


def _nearest(rows: Sequence[Mapping[str, Any]], item: Item) -> list[Mapping[str, Any]]:
    """Return the rows of the best region that has any; a price of nothing is none."""
    for region in item.regions:
        found = [r for r in rows if r.get("armRegionName", "") == region and r["retailPrice"] > 0]
        if found:
            return found
    return []


def _rows(api: str, wanted: str, currency: str) -> Iterator[Mapping[str, Any]]:
    client: PipelineClient[Any, Any] = PipelineClient(api, policies=[RetryPolicy(retry_total=4)])
    query: dict[str, str] = {"currencyCode": f"'{currency}'", "$filter": wanted}
    url: str | None = api
    while url:
        try:
            answer = client.send_request(HttpRequest("GET", url, params=query))
            answer.raise_for_status()
            page = answer.json()
        except (AzureError, ValueError) as error:
            first = (str(error).strip() or "no reason was given").splitlines()[0]
            fault = Fault(
                place=api,
                problem=f"gives no prices: {first}",
                fix="check the way to it (HTTPS_PROXY, REQUESTS_CA_BUNDLE); the table stays as "
                "it was",
            )
            raise PricesError([fault]) from None
        yield from page["Items"]
        url, query = page.get("NextPageLink"), {}
