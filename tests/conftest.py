"""What all tests share: pytest's own harness for plugins."""

pytest_plugins = ["pytester"]
