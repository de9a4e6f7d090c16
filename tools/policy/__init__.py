"""The policy gate: what the synthesized stacks must be, by Azure, by checkov and by us."""
