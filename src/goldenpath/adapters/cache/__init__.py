"""The ways to answer the cache's port."""
