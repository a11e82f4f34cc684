"""Beginnings: what a project, a service, an adapter, a sentence or a feature starts from. All of it runs at once."""
