"""Whether a subscription has what a first deployment needs; nothing is written."""
