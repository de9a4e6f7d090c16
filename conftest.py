"""Gives the tests of the product and of every package the same fixtures."""

pytest_plugins = ["tests.fixtures"]
