"""The ingress controller's values."""
