"""The price of an environment, by a server that speaks the Retail Prices API."""
