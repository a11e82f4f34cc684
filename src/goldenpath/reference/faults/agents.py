"""Promises of the assistant that can be broken."""
