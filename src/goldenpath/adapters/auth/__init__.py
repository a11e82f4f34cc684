"""The ways to answer the port of auth."""
