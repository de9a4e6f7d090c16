"""Where charts and their public images come from: their publishers, or copies in our registry."""

from dataclasses import dataclass

from conventions.mirror import CHARTS, Lock
from helm_values.charts import Chart
from helm_values.merge import Values, at, merged


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """Copies in a registry, each by the digest of the lock."""

    registry: str
    lock: Lock

    @property
    def charts(self) -> str:
        """The repository of charts, as Helm names one in a registry."""
        return f"oci://{self.registry}/{CHARTS}"

    def values(self, chart: Chart) -> Values:
        """Return what makes a chart take its images from here.

        The digest stands in the tag: not every chart has a key for it. Kubernetes then fetches by
        digest, and the tag is there for people.

        Raises:
            MirrorError: the lock holds another version of the chart, or not its images.
        """
        locked = self.lock.chart(chart.name, chart.version)
        parts = []
        for image in chart.images:
            path, tag = locked.copy_of(image.repository)
            parts.append(at(image.values, {"repository": f"{self.registry}/{path}", "tag": tag}))
        return merged(*parts)
