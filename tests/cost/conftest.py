"""A server of the Retail Prices API, and a company's folder with the tests' stacks."""

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from conventions.company import VARIABLE
from tests.parts.serving import Quiet, answering

Row = dict[str, Any]
Cost = Callable[..., Result]
PAGE = 2  # rows; the real one has up to 1,000


def row(service: str, product: str, sku: str, meter: str, price: float, **more: Any) -> Row:
    """Return a row as the API has it; the price is none that Azure asks."""
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": "westeurope",
        "location": "EU West",
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "meterName": meter,
        "productName": product,
        "skuName": sku,
        "serviceName": service,
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": "",
        **more,
    }


def machine(size: str, price: float, kind: str = "", product: str = "Linux") -> Row:
    """Return the row of a machine."""
    name = f"{size.removeprefix('Standard_').replace('_', ' ')}{kind}"
    return row("Virtual Machines", product, name, name, price, armSkuName=size)


@pytest.fixture
def rows() -> list[Row]:
    """What the server sells: nodes in several kinds, the server of the database, and more."""
    d4 = "Standard_D4ds_v5"
    flexible = "Azure Database for PostgreSQL Flexible Server Burstable BS Series Compute"
    storage = "Az DB for PostgreSQL Flexible Server Storage"
    link = "Virtual Network Private Link"
    postgres = "Azure Database for PostgreSQL"
    return [
        machine(d4, 2.0),
        machine(d4, 9.0, product="Virtual Machines Ddsv5 Series Windows"),
        machine(d4, 0.5, " Spot"),
        machine(d4, 0.7, " Low Priority"),
        machine("Standard_D2ds_v5", 1.0),
        row(postgres, flexible, "B2s", "B2s", 3.0),
        row(postgres, storage, "Storage", "Storage Data Stored", 0.1, unitOfMeasure="1 GB/Month"),
        row("Virtual Network", link, "Standard", "Standard Private Endpoint", 0.01)
        | {"armRegionName": "Global"},
        row("Container Registry", "Container Registry", "Premium", "Premium Registry Unit", 24)
        | {"unitOfMeasure": "1/Day"},
        row("NAT Gateway", "NAT Gateway", "StandardV2", "StandardV2 Gateway", 0.2)
        | {"armRegionName": "Global"},
        row("NAT Gateway", "NAT Gateway", "StandardV2", "StandardV2 Gateway", 0.3)
        | {"armRegionName": ""},
    ]


class _Server(ThreadingHTTPServer):
    rows: list[Row]
    asked: list[dict[str, list[str]]]


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:  # http.server's name
        query = parse_qs(urlsplit(self.path).query)
        self.server.asked.append(query)
        wanted = query["$filter"][0]
        found = [one for one in self.server.rows if _selects(wanted, one)]
        skip = int(query.get("$skip", ["0"])[0])
        more = skip + PAGE < len(found)
        address = f"http://127.0.0.1:{self.server.server_address[1]}{self.path}"
        page = {
            "BillingCurrency": query["currencyCode"][0].strip("'"),
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": found[skip : skip + PAGE],
            "NextPageLink": f"{address.partition('&$skip')[0]}&$skip={skip + PAGE}"
            if more
            else None,
            "Count": min(PAGE, len(found) - skip),
        }
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _selects(wanted: str, one: Row) -> bool:
    named = re.findall(r"(\w+) eq '([^']*)'", wanted)
    regions = [value for name, value in named if name == "armRegionName"]
    others = [(name, value) for name, value in named if name != "armRegionName"]
    renamed = {"priceType": "type"}
    return one["armRegionName"] in regions and all(
        one[renamed.get(name, name)] == value for name, value in others
    )


@pytest.fixture
def api(rows: list[Row]) -> Iterator[_Server]:
    """The server."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.rows, server.asked = rows, []
    with answering(server):
        yield server


@pytest.fixture
def cost(home: Path, monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Return how to run the tool."""
    from tools.cost.__main__ import app

    monkeypatch.setenv(VARIABLE, str(home))
    return lambda *options: CliRunner().invoke(app, list(options))


@pytest.fixture
def fetched(cost: Cost, api: _Server) -> Result:
    """A table that was fetched."""
    return cost("fetch", "--source", f"http://127.0.0.1:{api.server_address[1]}/")
