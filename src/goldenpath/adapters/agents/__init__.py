"""The ways to answer the assistant's port."""
