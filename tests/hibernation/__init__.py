"""Stopping and starting by schedule."""
