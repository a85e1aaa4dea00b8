"""`inkdigits data add` and `export`: corrections of the page become a data set, or files.

Owns: arguments and words of both. Leaves to others: the database and what is made of it (corrections).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import tell
from inkdigits.errors import DataNotFoundError, MissingExtraError

if TYPE_CHECKING:
    from inkdigits.corrections.store import CorrectionStore

PLACE = typer.Argument(
    metavar="PATH_OR_URL", help="The database of corrections: an SQLite file, or postgresql://..."
)


def add(
    place: Annotated[str, PLACE],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="An .npz file elsewhere.", show_default="in the cache"),
    ] = None,
) -> None:
    """Make the data set 'corrections' of what people confirmed or corrected on the page.

    It replaces the one that was made before. Training and judging then know it by its name.

    **Examples**

        inkdigits data add corrections.db

        inkdigits train --continue latin --data corrections
    """
    from inkdigits.datasets.own import get_own_path, save_own

    with _open_corrections(place) as store:
        from inkdigits.corrections.dataset import collect_digits

        digits = collect_digits(store)
    target = output or get_own_path()
    save_own(digits, target)
    tell(f"{len(digits)} digits of {len(set(digits.extra['answers'].tolist()))} answers.")
    typer.echo(str(target))


def export(
    place: Annotated[str, PLACE],
    folder: Annotated[Path, typer.Argument(help="Folder to write into.")],
) -> None:
    """Write all kept answers into a folder: digits as IDX, like MNIST, readings as JSON lines, pictures as PNG.

    **Examples**

        inkdigits data export corrections.db mine/

        inkdigits data export postgresql://user@host/digits mine/
    """
    with _open_corrections(place) as store:
        from inkdigits.corrections.dataset import export_folder

        count = export_folder(store, folder)
    tell(f"{count} digits.")
    typer.echo(str(folder))


@contextmanager
def _open_corrections(place: str) -> Iterator[CorrectionStore]:
    """Open the database of corrections; a file that isn't there is not made."""
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        raise MissingExtraError("sqlalchemy", extra="corrections")
    from inkdigits.corrections.store import CorrectionStore

    if "://" not in place and not Path(place).expanduser().exists():
        raise DataNotFoundError(
            f"There is no database at {place}",
            remedy="Name the one that inkdigits serve --corrections was given.",
        )
    store = CorrectionStore(place)
    try:
        yield store
    finally:
        store.close()
