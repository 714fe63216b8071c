"""People and tenants from files."""
