"""Promises of the gateway that can be broken."""
