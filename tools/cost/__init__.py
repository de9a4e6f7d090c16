"""What an environment costs a month, by prices that were fetched or quoted."""
