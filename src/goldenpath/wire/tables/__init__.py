"""Tables of a product, read as the rows of our port: what the settings say of them, and what that becomes in SQL."""
