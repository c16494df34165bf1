"""The `samskap` command: a thin mirror of the Python API. It imports the other rooms only where they are used."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. The commands are still to come; until then it says so and ends with 2."""
    sys.stderr.write("samskap has no commands yet: use the Python API in `engine` (see README.md).\n")
    sys.exit(2)
