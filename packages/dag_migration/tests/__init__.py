"""Tests of packages/dag_migration/src/dag_migration."""
