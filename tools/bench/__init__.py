"""Measures a synth beside what cdktf itself costs; `floor` and `as_shipped` are what it runs."""
