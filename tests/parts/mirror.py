"""A lock of the mirror as `make mirror-lock` writes one, with a digest that nothing has."""

from conventions.mirror import Lock, LockedChart
from helm_values.charts import CHARTS

DIGEST = f"sha256:{'4' * 64}"
LOCK = Lock(
    {
        chart.name: LockedChart(
            version=chart.version,
            package=DIGEST,
            images={f"{image.repository}:1.2.3": DIGEST for image in chart.images},
        )
        for chart in CHARTS
    }
)
