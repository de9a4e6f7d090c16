"""Helm values as pure functions, one chart topic a file: only what differs from the chart."""
