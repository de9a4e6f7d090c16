"""Tests of the facts of Azure."""
