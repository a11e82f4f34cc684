"""What all tests share: pytest's own harness for plugins."""

import signal

from hypothesis import settings

pytest_plugins = ["pytester"]

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts a job in the background has it ignore Ctrl-C, and so would every run that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
