"""The check of a subscription before the first deployment, against the loopback Azure."""
