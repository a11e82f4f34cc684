"""The strategy paper's faces."""
