"""Tests of the messages, of their delivery and of the transports."""
