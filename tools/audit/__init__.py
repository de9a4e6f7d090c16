"""Holds the locks of the image against what is known of vulnerable releases."""
