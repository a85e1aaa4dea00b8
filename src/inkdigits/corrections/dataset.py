"""What people said of digits becomes a data set.

Owns: choosing and decoding the forms, the folder that is exported. Leaves to others: the database (store), the file
that training reads (datasets.own).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from inkdigits.corrections.records import LABELS, NOT_A_DIGIT, KeptAnswer, State
from inkdigits.corrections.store import CorrectionStore
from inkdigits.datasets.idx import write_idx
from inkdigits.datasets.own import DIGITS, OWN
from inkdigits.errors import DataNotFoundError
from inkdigits.files import replacing, write_text
from inkdigits.types import LabelledImages

JUDGED: Final[tuple[State, ...]] = ("confirmed", "corrected")
SIZE: Final = (28, 28)


def collect_digits(store: CorrectionStore) -> LabelledImages:
    """Collect all digits that a person has confirmed or corrected.

    Args:
        store: The database.

    Returns:
        (N, 28, 28) uint8, ink bright; the classes are the ten digits, and "none" if something was judged to be no
        digit. `extra["answers"]` is (N,) int64: the answer that each digit belongs to.

    Raises:
        DataNotFoundError: If there is none.
        CorrectionsError: If the database fails.
    """
    images, labels, answers = [], [], []
    for answer in store.go_through(JUDGED):
        for digit in answer.digits:
            form = None if digit.form is None else decode_form(digit.form)
            if form is not None and digit.correction in LABELS:
                images.append(form)
                labels.append(LABELS.index(digit.correction))
                answers.append(answer.number)
    if not images:
        raise DataNotFoundError(
            "Nobody has confirmed or corrected a digit yet",
            remedy="Do so on the page of: inkdigits serve --corrections FILE.",
        )
    names = LABELS if NOT_A_DIGIT in {LABELS[label] for label in labels} else DIGITS
    return LabelledImages(
        images=np.stack(images),
        labels=np.array(labels, np.int64),
        label_names=names,
        name=f"{OWN}/train",
        extra={"answers": np.array(answers, np.int64)},
    )


def decode_form(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    """Return the (28, 28) uint8 form in a PNG; None if it is none.

    Args:
        data: The PNG.
    """
    form = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return form.astype(np.uint8) if form is not None and form.shape == SIZE else None


def export_folder(store: CorrectionStore, folder: Path) -> int:
    """Write everything that is kept into a folder that other programs can read.

    Into it go `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz` in MNIST's form (label 10: not a
    digit), `answers.jsonl` with readings and corrections, also of answers that nobody has judged, and
    `pictures/ID.png`.

    Args:
        store: The database.
        folder: It is made if it isn't there; files of the same names are replaced.

    Returns:
        How many digits the data set has.

    Raises:
        DataNotFoundError: If no digit was judged.
        OutputError: If something can't be written.
        CorrectionsError: If the database fails.
    """
    digits = collect_digits(store)
    write_idx(folder / "train-images-idx3-ubyte.gz", digits.images)
    write_idx(folder / "train-labels-idx1-ubyte.gz", digits.labels.astype(np.uint8))
    lines = []
    for answer in store.go_through(("open", *JUDGED)):
        picture = store.load_picture(answer.id) if answer.has_picture else None
        if picture is not None:
            with replacing(folder / "pictures" / f"{answer.id}.png") as part:
                part.write_bytes(picture)
        lines.append(json.dumps(_describe(answer), ensure_ascii=False) + "\n")
    write_text(folder / "answers.jsonl", "".join(lines))
    return len(digits)


def _describe(answer: KeptAnswer) -> dict[str, Any]:
    return {
        "id": answer.id,
        "state": answer.state,
        "reading": dict(answer.reading),
        "corrections": [digit.correction for digit in answer.digits],
        "picture": f"pictures/{answer.id}.png" if answer.has_picture else None,
        "model": answer.model,
        "model_hash": answer.model_hash,
        "version": answer.version,
        "created_at": answer.created_at.isoformat(),
        "updated_at": answer.updated_at.isoformat(),
    }
