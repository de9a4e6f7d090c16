"""What `make bench-tasks` measures, in small."""
