"""The command line: one file per command, no logic.

Owns: arguments, help, exit codes, what goes to standard output and standard error. Leaves to others: the work.
"""

from inkdigits.cli.app import app, main

__all__ = ["app", "main"]
