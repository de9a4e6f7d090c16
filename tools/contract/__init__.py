"""Checks what providers send to Azure Resource Manager against Microsoft's own types."""
