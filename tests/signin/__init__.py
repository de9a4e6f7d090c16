"""The sign-in, with the real parts."""
