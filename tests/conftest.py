"""What all tests share: pytest's own harness for plugins."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
