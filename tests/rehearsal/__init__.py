"""What a rehearsal shows, applies and writes down."""
