"""``python -m goldenpath.cli``: the command, where no scripts are on the path."""

import sys

from goldenpath.cli import main

sys.exit(main())
