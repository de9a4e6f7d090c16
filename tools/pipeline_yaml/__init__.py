"""Reads the YAML of Azure DevOps pipelines as Azure DevOps does: templates, conditions, jobs."""
