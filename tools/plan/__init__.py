"""Plans an environment against Azure: what a deployment would do, and whether it was reviewed."""
