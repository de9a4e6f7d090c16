"""Constructs: one Azure noun a file, each with the secure choice as its default."""
