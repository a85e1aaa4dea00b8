"""The log of a training run, as numbers.

Owns: reading it. Leaves to others: writing it (`inkdigits.training`), its pictures.
"""

from __future__ import annotations

import csv
from pathlib import Path

from inkdigits.errors import DataCorruptError

LOG_NAME = "log.csv"
COLUMNS = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


def load_log(path: Path) -> dict[str, list[float]]:
    """Read the CSV log of a run.

    Args:
        path: One row for each epoch.

    Returns:
        Column -> values; at least one row.

    Raises:
        DataCorruptError: If the log is missing, empty, or lacks a column.
    """
    remedy = "Take the log.csv of a run of 'inkdigits train'."
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        log = {name: [float(row[name]) for row in rows] for name in COLUMNS}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataCorruptError(f"The log {path} can't be read", remedy=remedy) from error
    if not rows:
        raise DataCorruptError(f"The log {path} holds no epoch", remedy=remedy)
    return log
