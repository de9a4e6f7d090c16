"""The lock of Terraform providers."""
