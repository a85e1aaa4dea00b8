"""One row for each model and seed: how right, how large, how slow; and one line for each model.

Owns: measuring a fitted classifier, the rows' files, and their summary. Leaves to others: fitting
(`inkdigits.training`), the picture (`plots_compare`).
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from inkdigits.errors import DataCorruptError, UsageError
from inkdigits.evaluation.run import evaluate_classifier, to_forms
from inkdigits.files import write_text
from inkdigits.types import Classifier, Ink, LabelledImages

_CALLS: Final = 200
"""Calls for the median of one digit; it moves by less than 2 % from run to run on an idle machine."""
_LIMIT_S: Final = 2.0
"""Time after which a slow model has been called often enough."""
_MANY: Final = 2000
"""Digits for the throughput."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One model, trained with one seed, judged.

    Attributes:
        model: Its name.
        seed: The seed that it was trained with.
        data: Name of the digits that judge, such as "mnist/test".
        count: How many they are.
        accuracy: In [0, 1].
        precision: Mean over the classes that occur, in [0, 1].
        recall: The same.
        f1: The same.
        parameters: Numbers that were learned.
        file_bytes: Size of the bundle.
        train_s: Time for training.
        latency_ms: Median time for one digit, by one thread.
        digits_per_s: Digits in a second, many at once, by one thread.
    """

    model: str
    seed: int
    data: str
    count: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    parameters: int
    file_bytes: int
    train_s: float
    latency_ms: float
    digits_per_s: float


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """One model over its seeds: means, except for times and sizes, which are medians.

    Attributes:
        model: Its name.
        seeds: The seeds, in order.
        accuracy: Mean, in [0, 1].
        accuracy_spread: Standard deviation over the seeds (n - 1); None for a single seed.
        precision: Mean over classes and seeds.
        recall: Mean over classes and seeds.
        f1: Mean over classes and seeds.
        parameters: Numbers that were learned.
        file_bytes: Size of the bundle.
        train_s: Time for training.
        latency_ms: Time for one digit.
        digits_per_s: Digits in a second, many at once.
    """

    model: str
    seeds: tuple[int, ...]
    accuracy: float
    accuracy_spread: float | None
    precision: float
    recall: float
    f1: float
    parameters: int
    file_bytes: int
    train_s: float
    latency_ms: float
    digits_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, one entry for each attribute."""
        return {**asdict(self), "seeds": list(self.seeds)}


def judge_model(
    classifier: Classifier,
    data: LabelledImages,
    *,
    model: str,
    seed: int,
    parameters: int,
    file_bytes: int,
    train_s: float,
) -> ComparisonRow:
    """Measure a fitted classifier; see `ComparisonRow` for the arguments that are only noted.

    Args:
        classifier: As it will be used: opened from its bundle.
        data: Digits that it has not learned from; at least one.
        model: Noted.
        seed: Noted.
        parameters: Noted.
        file_bytes: Noted.
        train_s: Noted.

    Raises:
        UsageError: If the data have labels that the classifier doesn't know.
    """
    scores, _ = evaluate_classifier(classifier, data)
    forms = to_forms(data)
    return ComparisonRow(
        model=model,
        seed=seed,
        data=data.name,
        count=scores.count,
        accuracy=scores.accuracy,
        precision=scores.macro["precision"],
        recall=scores.macro["recall"],
        f1=scores.macro["f1"],
        parameters=parameters,
        file_bytes=file_bytes,
        train_s=train_s,
        latency_ms=measure_latency_ms(classifier, forms),
        digits_per_s=measure_digits_per_s(classifier, forms),
    )


def measure_latency_ms(classifier: Classifier, forms: Ink) -> float:
    """Return the median time for one digit, milliseconds; each call gets another digit, (N, 28, 28)."""
    singles = [forms[index : index + 1] for index in range(min(len(forms), _CALLS))]
    classifier.predict_proba(singles[0])  # the first call allocates
    seconds: list[float] = []
    while len(seconds) < _CALLS and sum(seconds) < _LIMIT_S:
        digit = singles[len(seconds) % len(singles)]
        seconds.append(_time(lambda digit=digit: classifier.predict_proba(digit)))  # type: ignore[misc]
    return 1000 * statistics.median(seconds)


def measure_digits_per_s(classifier: Classifier, forms: Ink) -> float:
    """Return how many digits a second are read, many at once: (N, 28, 28), the best of three."""
    many = np.resize(forms, (_MANY, *forms.shape[1:]))
    seconds = [_time(lambda: classifier.predict_proba(many))]
    while len(seconds) < 3 and sum(seconds) < _LIMIT_S:
        seconds.append(_time(lambda: classifier.predict_proba(many)))
    return _MANY / min(seconds)


def summarize(rows: Sequence[ComparisonRow]) -> list[ComparisonSummary]:
    """Return one line for each model, in the order of their first rows.

    Raises:
        UsageError: If the rows were not all judged on the same digits: their numbers can't stand side by side.
    """
    if len({(row.data, row.count) for row in rows}) > 1:
        names = sorted({f"{row.data} ({row.count})" for row in rows})
        raise UsageError(
            f"The rows were judged on other digits: {', '.join(names)}", remedy="Compare one set at a time."
        )
    models = dict.fromkeys(row.model for row in rows)
    return [_summarize_one([row for row in rows if row.model == model]) for model in models]


def save_row(path: Path, row: ComparisonRow) -> None:
    """Write a row as JSON, as a whole or not at all.

    Raises:
        OutputError: If the file can't be written.
    """
    write_text(path, json.dumps(asdict(row), indent=2) + "\n")


def load_row(path: Path) -> ComparisonRow:
    """Read a row that `save_row` wrote.

    Raises:
        DataCorruptError: If it is missing, or no row.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        values = {column.name: raw[column.name] for column in fields(ComparisonRow)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataCorruptError(
            f"{path} holds no row", remedy="Delete it; it is then measured anew."
        ) from error
    return ComparisonRow(**values)


def _summarize_one(rows: Sequence[ComparisonRow]) -> ComparisonSummary:
    ordered = sorted(rows, key=lambda row: row.seed)
    accuracies = [row.accuracy for row in ordered]
    return ComparisonSummary(
        model=ordered[0].model,
        seeds=tuple(row.seed for row in ordered),
        accuracy=statistics.fmean(accuracies),
        accuracy_spread=statistics.stdev(accuracies) if len(ordered) > 1 else None,
        precision=statistics.fmean(row.precision for row in ordered),
        recall=statistics.fmean(row.recall for row in ordered),
        f1=statistics.fmean(row.f1 for row in ordered),
        parameters=round(statistics.median(row.parameters for row in ordered)),
        file_bytes=round(statistics.median(row.file_bytes for row in ordered)),
        train_s=statistics.median(row.train_s for row in ordered),
        latency_ms=statistics.median(row.latency_ms for row in ordered),
        digits_per_s=statistics.median(row.digits_per_s for row in ordered),
    )


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
