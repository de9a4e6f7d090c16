"""Deploys, changes and destroys the synthesized stacks with the real Terraform, without Azure."""
