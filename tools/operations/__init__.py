"""What an operator does to a whole environment, by az, kubectl and cdktf."""
