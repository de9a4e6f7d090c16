"""Tests of the pictures of the stacks."""
