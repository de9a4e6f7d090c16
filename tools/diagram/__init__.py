"""Pictures of the stacks, drawn from what was synthesized."""
