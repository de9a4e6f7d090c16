"""Makes what stands before the first environment, and moves the seed's own state into it."""
