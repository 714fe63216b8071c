"""Values as text: views, CSV, JSON, CLIXML."""
