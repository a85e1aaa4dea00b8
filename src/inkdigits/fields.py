"""What is known about a number decides between its digits' alternatives.

Owns: fields, checksums, the search for the most probable admissible number. Leaves to others: the probabilities.

A field never hides what it did: `Number.seen` keeps the text without it, and `Number.confidence` is the probability
of the chosen digits as the classifier gave it, so it falls with every digit that had to give way. It is not divided
by the probability of all admissible numbers: that would make any forced choice look sure.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby

from inkdigits.errors import UsageError
from inkdigits.notation import parse_value
from inkdigits.types import Digit, Number, Reading

DIGITS, MARKS = "0123456789", ".,-/:"
LEAST_SHARE = 1e-3  # less probable labels are no alternatives: a field must not turn a clear 3 into an 8
MOST_TRIED = 20_000  # choices that are tried; the ISO 7064 sum accepts one in 97


def is_luhn(digits: str) -> bool:
    """Check the sum of cards and many account numbers (ISO/IEC 7812-1, annex B).

    Args:
        digits: At least two digits, the check digit last.
    """
    doubled = "".join(str(int(d) * (1 + i % 2)) for i, d in enumerate(reversed(digits)))
    return len(digits) > 1 and sum(map(int, doubled)) % 10 == 0


def is_mod97(digits: str) -> bool:
    """Check the sum of ISO 7064 MOD 97-10: the remainder by 97 is 1.

    Args:
        digits: At least three digits, the two check digits last.
    """
    return len(digits) > 2 and int(digits) % 97 == 1


CHECKSUMS: dict[str, Callable[[str], bool]] = {"luhn": is_luhn, "mod97": is_mod97}
"""Name of a checksum -> its test."""


@dataclass(frozen=True)
class Field:
    """What is known about a number before it is read.

    Attributes:
        length: How many digits it has; None where unknown. Numbers of one line that have so many digits only
            together are joined, since a length makes wide gaps plausible; not in tables.
        minimum: Least value.
        maximum: Greatest value.
        checksum: "luhn", "mod97", or a function that is given the digits and tells whether they are admissible.
        allow: Digits and marks that may occur; "" allows all. "0123456789" means digits only.

    Raises:
        UsageError: If nothing could satisfy it.
    """

    length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    checksum: str | Callable[[str], bool] | None = None
    allow: str = ""

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise UsageError(
                f"a field of {self.length} digits is empty", remedy="Give a length of at least 1."
            )
        bounds = [b for b in (self.minimum, self.maximum) if b is not None]
        if any(math.isnan(b) for b in bounds) or (len(bounds) == 2 and bounds[0] > bounds[1]):
            raise UsageError(
                f"no number lies between {self.minimum} and {self.maximum}",
                remedy="Give a minimum that is not above the maximum.",
            )
        if isinstance(self.checksum, str) and self.checksum not in CHECKSUMS:
            raise UsageError(
                f"there is no checksum '{self.checksum}'", remedy=f"Choose one of {', '.join(CHECKSUMS)}."
            )
        if set(self.allow) - set(DIGITS + MARKS) or (self.allow and not set(self.allow) & set(DIGITS)):
            raise UsageError(
                f"a field can't allow just '{self.allow}'",
                remedy=f"Name digits, and marks of {' '.join(MARKS)} if there are any.",
            )

    def accepts(self, text: str) -> bool:
        """Return True if a number satisfies the field.

        Args:
            text: Digits and marks.
        """
        digits = "".join(sign for sign in text if sign in DIGITS)
        if self.length is not None and len(digits) != self.length:
            return False
        if self.allow and set(text) - set(self.allow):
            return False
        test = CHECKSUMS[self.checksum] if isinstance(self.checksum, str) else self.checksum
        return self._is_in_range(text) and (test is None or test(digits))

    def _is_in_range(self, text: str) -> bool:
        if self.minimum is None and self.maximum is None:
            return True
        value = parse_value(text)
        if value is None:
            return False
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )

    def __str__(self) -> str:
        parts = []
        for item in fields(self):
            value = getattr(self, item.name)
            if value not in (None, ""):
                parts.append(f"{item.name}={getattr(value, '__name__', value)}")
        return ", ".join(parts)


def parse_field(text: str) -> Field:
    """Read a field from one line, as the command line has it.

    Args:
        text: Such as "length=5,checksum=luhn"; "allow=digits" stands for the ten digits.

    Raises:
        UsageError: If a word is unknown or a value is none.
    """
    known = {item.name for item in fields(Field)}
    words: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, sign, value = (word.strip() for word in part.partition("="))
        if key not in known or not sign or not value:
            raise UsageError(
                f"'{part}' describes no field",
                remedy="Write for example length=5,checksum=luhn; also minimum, maximum and allow.",
            )
        words[key] = value
    allow = words.get("allow", "")
    return Field(
        length=None if "length" not in words else int(_parse_number(words, "length", whole=True)),
        minimum=None if "minimum" not in words else _parse_number(words, "minimum"),
        maximum=None if "maximum" not in words else _parse_number(words, "maximum"),
        checksum=words.get("checksum"),
        allow=DIGITS if allow == "digits" else allow,
    )


def _parse_number(words: dict[str, str], key: str, *, whole: bool = False) -> float:
    try:
        return int(words[key]) if whole else float(words[key])
    except ValueError as error:
        raise UsageError(
            f"the {key} of a field can't be '{words[key]}'", remedy="Give a number, such as 5."
        ) from error


def apply_field(reading: Reading, field: Field, *, min_confidence: float = 0.0) -> Reading:
    """Let a field decide in all numbers of a reading.

    Args:
        reading: As it was read.
        field: What is known.
        min_confidence: Chosen digits below it are unsure.

    Returns:
        The reading with the most probable admissible numbers; where there is none, the number stays as it was and
        `Number.violates` says why.
    """
    numbers = reading.numbers if reading.rows or not field.length else _join(reading.numbers, field.length)
    changed = tuple(decide(number, field, min_confidence=min_confidence) for number in numbers)
    new = dict(zip(numbers, changed, strict=True))
    rows = tuple(tuple(None if cell is None else new[cell] for cell in row) for row in reading.rows)
    return replace(reading, numbers=changed, rows=rows)


def decide(number: Number, field: Field, *, min_confidence: float = 0.0) -> Number:
    """Choose the most probable digits that satisfy a field.

    Args:
        number: As it was read.
        field: What is known.
        min_confidence: Chosen digits below it are unsure.
    """
    seen = number.seen or number.text
    marks = [mark.label for mark in number.marks]
    if field.length is not None and len(number.digits) != field.length:
        count = f"{len(number.digits)} digit{'s' * (len(number.digits) != 1)}"
        return replace(number, seen=seen, violates=f"it has {count} instead of {field.length}")
    foreign = sorted(set(marks) - set(field.allow)) if field.allow else []
    if foreign:
        return replace(
            number, seen=seen, violates=f"it holds {' '.join(foreign)}, which the field does not allow"
        )
    for digits in _rank_choices(number.digits, allow=field.allow):
        chosen = replace(number, digits=digits)
        if field.accepts("".join(sign.label for sign in chosen.signs)):
            sure = tuple(replace(d, is_sure=d.confidence >= min_confidence) for d in digits)
            return replace(chosen, digits=sure, seen=seen)
    return replace(number, seen=seen, violates=f"no probable choice of digits satisfies {field}")


def _rank_choices(digits: Sequence[Digit], *, allow: str) -> Iterator[tuple[Digit, ...]]:
    """Yield choices of labels, the most probable first, each once.

    A choice is a rank for each digit. Its successors raise one rank, at or after the last one that was raised, so
    that each choice has one predecessor, which is at least as probable.
    """
    options = [_list_options(digit, allow=allow) for digit in digits]
    if not all(options):
        return
    costs = [[-math.log(max(option.confidence, 1e-30)) for option in row] for row in options]
    start = (0,) * len(digits)
    heap = [(sum(row[0] for row in costs), start, 0)]
    for _ in range(MOST_TRIED):
        if not heap:
            return
        cost, ranks, last = heapq.heappop(heap)
        yield tuple(row[rank] for row, rank in zip(options, ranks, strict=True))
        for i in range(last, len(ranks)):
            if ranks[i] + 1 < len(costs[i]):
                step = costs[i][ranks[i] + 1] - costs[i][ranks[i]]
                heapq.heappush(heap, (cost + step, (*ranks[:i], ranks[i] + 1, *ranks[i + 1 :]), i))


def _list_options(digit: Digit, *, allow: str) -> list[Digit]:
    """List a digit with each of its probable labels, the most probable first."""
    labels = [(digit.label, digit.confidence), *digit.alternatives]
    chosen = [
        (label, share)
        for i, (label, share) in enumerate(labels)
        if (i == 0 or share >= LEAST_SHARE) and (not allow or label in allow)
    ]
    chosen.sort(key=lambda option: -option[1])
    return [
        replace(digit, label=label, confidence=share, alternatives=tuple(o for o in labels if o[0] != label))
        for label, share in chosen
    ]


def _join(numbers: Sequence[Number], length: int) -> tuple[Number, ...]:
    """Join the numbers of a line that have so many digits only together."""
    joined: list[Number] = []
    for _, group in groupby(numbers, key=lambda number: (number.page, number.line)):
        line = list(group)
        counts = [len(number.digits) for number in line]
        if len(line) > 1 and sum(counts) == length and length not in counts:
            joined.append(
                replace(
                    line[0],
                    digits=tuple(digit for number in line for digit in number.digits),
                    marks=tuple(mark for number in line for mark in number.marks),
                    seen=" ".join(number.text for number in line),
                )
            )
        else:
            joined += line
    return tuple(joined)
