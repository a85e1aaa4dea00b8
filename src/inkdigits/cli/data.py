"""`inkdigits data`: list, fetch and show the data sets, and make one of corrections.

Owns: arguments and words of the command. Leaves to others: the data (datasets), the pictures (plots_data).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.data_corrections import add, export
from inkdigits.errors import MissingExtraError, UsageError
from inkdigits.types import LabelledImages

# The data sets are imported where they are used: all other commands and --help need not wait for OpenCV.
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from inkdigits.datasets import DatasetInfo, LabelledPicture

app = typer.Typer(
    name="data",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List, fetch and look at data sets of handwritten digits.",
)

WIDE_COLUMNS = 110
"""Width of a terminal, signs, from which the table has room for licences."""
THUMBNAIL_PX = 96
"""Side of the thumbnails of real pictures on a sheet."""


class Format(StrEnum):
    """Form of a listing."""

    TEXT = "text"
    JSON = "json"


@app.command("list")
def list_(
    format_: Annotated[Format, typer.Option("--format", "-f", help="Form of the listing.")] = Format.TEXT,
) -> None:
    """List the data sets: size, script, licence, and whether they are on this machine.

    **Examples**

        inkdigits data list

        inkdigits data list --format json | jq '.[] | select(.present) | .name'
    """
    from inkdigits.datasets import list_datasets

    infos = list_datasets()
    if format_ is Format.JSON:
        typer.echo(json.dumps([_describe(info) for info in infos], indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(infos)
    else:
        for info in infos:
            typer.echo("\t".join(_row(info)))


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(help="Names of data sets; see: inkdigits data list")],
    force: Annotated[bool, typer.Option("--force", help="Download again what is already there.")] = False,
) -> None:
    """Download data sets into the cache and check their checksums.

    Files that are already there and whole are kept. INKDIGITS_CACHE chooses another folder; INKDIGITS_DATA
    names a folder with data sets that you have, one sub folder each.

    **Examples**

        inkdigits data fetch mnist

        inkdigits data fetch usps semeion --force
    """
    from inkdigits.datasets import fetch_dataset, get_info

    for name in names:
        get_info(name)  # a misspelt name stops before anything is downloaded
    for name in names:
        typer.echo(str(fetch_dataset(name, force=force)))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the data set.")],
    split: Annotated[
        str | None, typer.Option("--split", "-s", help="One split; by default train, or the first present.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for both pictures, or a .png file for the samples.")
    ] = Path(),
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, max=100, help="Samples per class.")] = 12,
    train_size: Annotated[
        int | None,
        typer.Option("--train-size", min=1, help="Join all splits and show a training cut of this size."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chooses the samples and the cut.")] = 0,
    augment: Annotated[
        Path | None,
        typer.Option("--augment", help="Draw instead what the augmentation of this recipe does to digits."),
    ] = None,
) -> None:
    """Draw samples of each class and the number of images per class as PNG files.

    **Examples**

        inkdigits data show mnist

        inkdigits data show mnist --split test --output sheets/ --samples 20

        inkdigits data show mnist --train-size 56000 --seed 1

        inkdigits data show mnist --augment recipes/latin-cnn.toml
    """
    from inkdigits.datasets import get_info, take_train_size

    info = get_info(name)
    chosen = split or _choose_split(info)
    if augment is not None:
        _show_augmentation(_load_glyphs(info, chosen), augment, output, samples=samples, seed=seed)
        return
    sheet, chart = _name_targets(output, info.name)
    if info.kind == "pictures" and not info.label_names and not info.size:
        _show_numbers(info, chosen, sheet, chart, samples)
    else:
        data = _load_whole(info) if train_size else _load_glyphs(info, chosen)
        if train_size:
            data, _ = take_train_size(data, train_size, seed)
        _show_classes(data, sheet, chart, samples=samples, seed=seed)
    typer.echo(str(sheet))
    typer.echo(str(chart))


@app.command()
def synth(
    kind: Annotated[
        str | None,
        typer.Option("--kind", "-k", help="Kind of pages; by default all, as they are trained on."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .png file.")] = Path("synth.png"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=400, help="Pages on the sheet.")] = 24,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds make equal pages.")] = 0,
    pens_only: Annotated[
        bool, typer.Option("--pens-only", help="Only simulated pens: needs no data set.")
    ] = False,
) -> None:
    """Draw made pages with the boxes of their signs, as the detector is trained on them.

    Kinds: strip, amount, comb, table, page, crop, junk, blank, scene.

    **Examples**

        inkdigits data synth

        inkdigits data synth --kind amount --count 40 --output amounts.png
    """
    import numpy as np

    from inkdigits.datasets.synth import KINDS, GlyphBank, make_synth_page
    from inkdigits.datasets.synth.preview import save_page_sheet

    if kind is not None and kind not in KINDS:
        raise UsageError(
            f"There is no kind of page named {kind!r}", remedy=f"Use one of: {', '.join(KINDS)}."
        )
    bank = GlyphBank.simulated(np.random.default_rng(seed)) if pens_only else GlyphBank.load()
    rngs = [np.random.default_rng([seed, index]) for index in range(count)]
    save_page_sheet([make_synth_page(bank, rng=rng, kind=kind) for rng in rngs], output)
    typer.echo(str(output))


app.command()(add)
app.command()(export)


def _show_augmentation(data: LabelledImages, recipe: Path, output: Path, *, samples: int, seed: int) -> None:
    """Draw each change of a recipe alone, and all of them together, on the same digits."""
    from inkdigits.evaluation.plots_augment import save_augmentation_sheet
    from inkdigits.training.recipe import load_recipe

    try:
        from inkdigits.training.preview import preview_augmentation
    except ImportError as error:
        raise MissingExtraError("torch", extra="train") from error
    settings = load_recipe(recipe).augment
    rows = preview_augmentation(_choose_digits(data, samples, seed), settings, seed=seed)
    if len(rows) == 1:
        raise UsageError(f"The recipe {recipe} changes no digit", remedy="Set strengths under [augment].")
    is_file = output.suffix.lower() == ".png"
    path = output if is_file else output / f"{data.name.partition('/')[0]}-augment-{recipe.stem}.png"
    title = f"{data.name}, augmentation of {recipe.name}: half and full strength, then all"
    save_augmentation_sheet([(row.title, list(row.images)) for row in rows], path, title=title)
    typer.echo(str(path))


def _choose_digits(data: LabelledImages, count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return (count, 28, 28) images, the classes in turn, in the form that is learned from."""
    import numpy as np

    from inkdigits.ink import SIZE_PX, normalize_images

    order = np.random.default_rng(seed).permutation(len(data))
    # The n-th digit of each class comes before the (n + 1)-th of any: stable sorts, by class, then by turn.
    order = order[np.argsort(data.labels[order], kind="stable")]
    labels = data.labels[order]
    turn = np.arange(len(order)) - np.searchsorted(labels, labels)
    images = data.images[order[np.argsort(turn, kind="stable")][:count]]
    if images.shape[1:] == (SIZE_PX, SIZE_PX):
        return images
    forms: npt.NDArray[np.uint8] = np.rint(normalize_images(images) * 255).astype(np.uint8)
    return forms


def _describe(info: DatasetInfo) -> dict[str, object]:
    from inkdigits.datasets import is_present

    present = [split for split in info.splits if is_present(info.name, split=split)]
    return {**info.to_dict(), "present": len(present) == len(info.splits), "present_splits": present}


def _row(info: DatasetInfo) -> tuple[str, ...]:
    """Name, script, size, counts, training, presence, licence."""
    from inkdigits.datasets import is_present

    present = [split for split in info.splits if is_present(info.name, split=split)]
    state = "yes" if len(present) == len(info.splits) else "part" if present else "no"
    return (
        info.name,
        info.script,
        f"{info.size[0]}x{info.size[1]}" if info.size else "various",
        ", ".join(f"{split} {part.count:,}" for split, part in info.splits.items()),
        "train" if info.may_train else "judge",
        state if present or info.can_fetch else "by hand",
        info.licence,
    )


def _print_table(infos: tuple[DatasetInfo, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    headings = ["Name", "Script", "Pixels", "Images", "Use", "Here", "Licence"]
    if console.width < WIDE_COLUMNS:
        headings.remove("Licence")
    table = Table(
        title="Data sets", title_justify="left", caption="Fetch one with: inkdigits data fetch NAME"
    )
    for heading in headings:
        table.add_column(heading, no_wrap=heading not in {"Images", "Licence"})
    for info in infos:
        table.add_row(*_row(info)[: len(headings)])
    console.print(table)


def _choose_split(info: DatasetInfo) -> str:
    """Return "train" if the set has it, else the first split on this machine, else the first."""
    from inkdigits.datasets import is_present

    if "train" in info.splits:
        return "train"
    return next(
        (split for split in info.splits if is_present(info.name, split=split)), next(iter(info.splits))
    )


def _name_targets(output: Path, name: str) -> tuple[Path, Path]:
    """Return the paths of the sheet and of the chart."""
    if output.suffix.lower() == ".png":
        return output, output.with_name(f"{output.stem}-classes.png")
    return output / f"{name}-samples.png", output / f"{name}-classes.png"


def _load_glyphs(info: DatasetInfo, split: str) -> LabelledImages:
    from inkdigits.datasets import load_dataset, load_pictures

    if info.kind == "glyphs" or info.size:
        return load_dataset(info.name, split)
    return _shrink(load_pictures(info.name, split), info, split)


def _load_whole(info: DatasetInfo) -> LabelledImages:
    """Join all splits, which must have equal sizes."""
    from inkdigits.datasets import concatenate

    return concatenate(*(_load_glyphs(info, split) for split in info.splits), name=f"{info.name}/all")


def _shrink(pictures: list[LabelledPicture], info: DatasetInfo, split: str) -> LabelledImages:
    """Turn pictures of single signs into thumbnails with classes."""
    import numpy as np

    from inkdigits.datasets.decode import make_thumbnail

    return LabelledImages(
        images=np.stack([make_thumbnail(picture.data, size_px=THUMBNAIL_PX) for picture in pictures]),
        labels=np.array([info.label_names.index(picture.text) for picture in pictures], np.int64),
        label_names=info.label_names,
        name=f"{info.name}/{split}",
    )


def _show_classes(data: LabelledImages, sheet: Path, chart: Path, *, samples: int, seed: int) -> None:
    from inkdigits.evaluation.plots_data import save_class_distribution, save_contact_sheet

    save_contact_sheet(data, sheet, samples=samples, seed=seed)
    save_class_distribution(data, chart)


def _show_numbers(info: DatasetInfo, split: str, sheet: Path, chart: Path, samples: int) -> None:
    """Show pictures of whole numbers: captions instead of classes, and how often each sign is written."""
    from inkdigits.datasets import load_pictures
    from inkdigits.datasets.decode import make_thumbnail
    from inkdigits.evaluation.plots_data import save_count_chart, save_picture_sheet

    pictures = load_pictures(info.name, split)
    shown = pictures[: 4 * samples]
    thumbnails = [
        (p.text.partition("\n")[0], make_thumbnail(p.data, size_px=2 * THUMBNAIL_PX)) for p in shown
    ]
    title = f"{info.name}/{split}: {len(pictures):,} pictures"
    if len(shown) < len(pictures):
        title += f" (the first {len(shown)} are shown)"
    save_picture_sheet(thumbnails, sheet, title=title)
    signs = Counter(sign for picture in pictures for sign in picture.text if not sign.isspace())
    save_count_chart(dict(sorted(signs.items())), chart, title=f"{info.name}/{split}: written signs")
