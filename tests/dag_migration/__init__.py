"""Tests of tools/dag_migration."""
