"""An undefined step: no attempt more will define it."""
