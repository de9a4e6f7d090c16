"""The deepest rehearsal: an environment's Helm releases on a real Kubernetes, without Azure."""
