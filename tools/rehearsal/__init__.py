"""Runs the real Terraform over the synthesized stacks, without Azure."""
