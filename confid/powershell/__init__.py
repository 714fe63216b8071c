"""PowerShell's manners over plain values: views, CSV, JSON, conversion, wildcards, filters."""
