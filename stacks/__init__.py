"""The five stacks of an environment: wiring only."""
