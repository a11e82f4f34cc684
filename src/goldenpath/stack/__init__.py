"""The processes that we start ourselves: PostgreSQL, Valkey, the platform, and who looks after them."""
