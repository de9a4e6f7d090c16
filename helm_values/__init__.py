"""Values of the Helm charts: pure functions, one chart topic a file."""
