"""What is measured, shown and alerted on: data for the chart, Grafana and Azure Monitor."""
