"""What `make export` writes."""
