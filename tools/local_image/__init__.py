"""The whole image, built on this machine without a registry, to be started by tests."""
