"""A scenario without steps needs none."""
