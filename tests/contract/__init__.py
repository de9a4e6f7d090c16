"""What providers send, held to Microsoft's types."""
