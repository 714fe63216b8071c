"""How a cmdlet runs."""
