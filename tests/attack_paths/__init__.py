"""Tests of `make attack-paths`: what it finds, what it accepts, and the page that it writes."""
