"""The stacks as plain Terraform, for whoever leaves cdktf: docs/how-to/leave-cdktf.md."""
