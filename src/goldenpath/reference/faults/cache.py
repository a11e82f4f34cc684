"""Promises to break."""
