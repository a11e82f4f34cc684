"""How the reference platform keeps things: its store over SQL, its cache over Redis."""
