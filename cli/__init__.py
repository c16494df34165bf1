"""The `samskap` command: a thin mirror of the Python API on a terminal. It decides nothing and computes nothing.

May import every other room, but only where a command needs it, so that `samskap --help` comes at once. The way of a
call through the room:

- `app` knows which commands there are and which module holds each, reads the options of every command, and turns what
  goes wrong into one shape (`failure`) and an exit code (`exit_codes`);
- `call` opens the workspace and says who acts; `output` writes tables, texts and JSON;
- the other modules hold the commands, a group each, declared with `command`. To add one: a module with a
  `commands = Commands()`, and its line in `app.MODULES`.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line on the arguments of the process, and end with its exit code."""
    _open_what_is_closed()
    try:
        from cli.app import run  # noqa: PLC0415 (importing `cli` alone costs nothing)

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while modules are imported; from then on typer sees to it
        from cli.exit_codes import INTERRUPTED  # noqa: PLC0415

        sys.exit(INTERRUPTED)


def _open_what_is_closed() -> None:
    """Python has None for a standard stream that was closed (`samskap … <&-`): take one that holds nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 (pathlib takes time)
