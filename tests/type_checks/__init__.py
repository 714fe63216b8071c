"""A user's script as type checkers see it."""
