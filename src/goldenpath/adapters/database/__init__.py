"""The ways to answer the database's port."""
