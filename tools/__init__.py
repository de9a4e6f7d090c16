"""Programs beside the synthesizer: they read cdktf.out and git, and never import stacks."""
