"""Tests of the loopback Azure."""
