"""The environment file: a typed model and the only code that reads it."""
