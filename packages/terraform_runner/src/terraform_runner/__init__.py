"""Runs the real Terraform, and reads what it answers: plans, diagnostics, differences."""
