"""Invitations and rewriting them."""
