"""The ways to answer the port of the events."""
