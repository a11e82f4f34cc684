"""``pytest --tags "@critical and not @slow"``: what has to be done before pytest reads its first argument.

Since pytest 8.2 an argument that begins with ``@`` is the name of a file with further arguments, and pytest looks for
that file before it loads a plugin. ``--tags=@critical`` is safe; ``--tags @critical``, which every other Cucumber
takes, would end the start. ``goldenpath.pth`` calls this when an interpreter starts whose arguments hold ``--tags`` or
``--retry-tags``, and never otherwise.
"""

from __future__ import annotations

import sys
from pathlib import PurePath

FLAGS = ("--tags", "--golden-tags", "--retry-tags", "--golden-retry-tags")


def join_tags(arguments: list[str], command: list[str]) -> None:
    """Make one argument of a tags flag and its expression, in place, if it is pytest that starts.

    Args:
        arguments: ``sys.argv``.
        command: ``sys.orig_argv``, which also tells ``python -m pytest``.
    """
    module = command[command.index("-m") + 1 :][:1] if "-m" in command else []
    if module != ["pytest"] and not PurePath(arguments[0]).name.lower().startswith(("pytest", "py.test")):
        return
    for place in reversed(range(len(arguments) - 1)):
        if arguments[place] in FLAGS and arguments[place + 1].startswith("@"):
            arguments[place : place + 2] = [f"{arguments[place]}={arguments[place + 1]}"]


def at_start() -> None:
    """Do so for this process, and leave no trace: pytest wants to import the package itself."""
    join_tags(sys.argv, sys.orig_argv)
    for name in ("goldenpath", "goldenpath.early"):
        sys.modules.pop(name, None)
