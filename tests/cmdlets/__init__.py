"""What the cmdlets' parameters mean."""
