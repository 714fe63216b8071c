"""What the messages say, language by language."""
