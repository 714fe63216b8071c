"""A command by its name."""
