"""The check of a folder of DAGs, the same on a laptop, in CI and in the image."""
