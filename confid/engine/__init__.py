"""Runs a cmdlet: session, parameter binder, ShouldProcess, ErrorAction, one transaction a call."""
