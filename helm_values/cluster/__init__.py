"""What releases have in common: spread, priority, network rules, the secrets store."""
