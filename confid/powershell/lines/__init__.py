"""A line as typed: parsing, quoting, and the commands behind a bar."""
