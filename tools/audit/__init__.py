"""Holds every lock of the project against what is known of vulnerable releases."""
