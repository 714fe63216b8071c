"""What other people's tests get."""
