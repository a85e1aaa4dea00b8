"""Puts the commands together and turns errors into one sentence and an exit code.

Owns: the root command. Leaves to others: each command.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from inkdigits import __version__
from inkdigits.cli.compare import compare
from inkdigits.cli.console import EXIT_INTERRUPTED, tell, tell_error
from inkdigits.cli.data import app as data_app
from inkdigits.cli.evaluate import evaluate
from inkdigits.cli.explain import explain
from inkdigits.cli.export import export
from inkdigits.cli.info import info
from inkdigits.cli.read import read
from inkdigits.cli.robustness import robustness
from inkdigits.cli.serve import serve
from inkdigits.cli.train import train
from inkdigits.cli.train_detector import train_detector
from inkdigits.cli.train_guard import train_guard
from inkdigits.cli.train_regions import train_regions
from inkdigits.cli.tune import tune
from inkdigits.errors import InkdigitsError

HELP = """Read handwritten numbers from pictures.

Examples:

  inkdigits read photo.jpg

  inkdigits read scans/ --format csv --output numbers.csv

  inkdigits read page.png --annotate out/

  inkdigits data list

  inkdigits train recipes/latin-cnn.toml
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"inkdigits {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command()(read)
app.command()(serve)
app.command()(train)
app.command()(train_detector)
app.command()(train_regions)
app.command()(train_guard)
app.command()(tune)
app.command()(evaluate)
app.command()(explain)
app.command()(robustness)
app.command()(compare)
app.command()(export)
app.command()(info)
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line; the entry point of the `inkdigits` command."""
    try:
        app()
    except InkdigitsError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        tell("inkdigits: interrupted.")
        sys.exit(EXIT_INTERRUPTED)
