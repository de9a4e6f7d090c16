"""Helm values as pure functions, a room for each release: only what differs from the chart."""
