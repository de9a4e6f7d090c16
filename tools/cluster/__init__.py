"""The deepest rehearsal: the releases of an environment on a real Kubernetes, beside no Azure."""
