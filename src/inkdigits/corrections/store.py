"""Keeps answers and what people said of them; every call that returns has reached the disk.

Owns: what is asked of the database. Leaves to others: opening it (database), who may ask (web).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from sqlalchemy import Engine, Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inkdigits.corrections.database import WRITES, open_engine, telling_problems
from inkdigits.corrections.records import (
    AnswerPage,
    CorrectionsError,
    Counts,
    JudgedDigit,
    KeptAnswer,
    NewAnswer,
    State,
    UnknownAnswerError,
    judge,
)
from inkdigits.corrections.tables import AnswerRow, DigitRow

_TRIES: Final = 3
"""Two clients may send one answer at the same moment; the second try finds it."""
_AT_ONCE: Final = 200
"""Answers that are in memory at the same time while all are gone through."""


class CorrectionStore:
    """A database of corrections; shared by threads and processes.

    Args:
        place: Path of an SQLite file, or the URL of a PostgreSQL database.

    Raises:
        UsageError: If the place can't be understood.
        CorrectionsError: If it can't be opened.
        MissingExtraError: If the driver of PostgreSQL is not installed.
    """

    def __init__(self, place: str) -> None:
        self._engine: Engine = open_engine(place)
        self._writing = self._engine.execution_options(**{WRITES: True})

    @property
    def backend(self) -> str:
        """Either "sqlite" or "postgresql"."""
        return self._engine.dialect.name

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def save(self, answer: NewAnswer) -> tuple[KeptAnswer, bool]:
        """Keep an answer, or replace the one of the same id.

        An answer that a person has judged is never put back into the queue by a late message without labels.

        Args:
            answer: The answer.

        Returns:
            What is kept now, and whether it is new.

        Raises:
            UsageError: If the labels don't fit the digits.
            CorrectionsError: If the database fails.
        """
        state, corrections = judge(answer.digits, answer.labels)
        for _ in range(_TRIES):
            try:
                with telling_problems(), Session(self._writing) as session, session.begin():
                    row = session.scalar(_by_id(answer.id).with_for_update())
                    is_new = row is None
                    if row is None:
                        row = AnswerRow(id=answer.id, created_at=_now(), digits=[])
                        session.add(row)
                    if is_new or not (state == "open" and row.state != "open"):
                        _fill(row, answer, state=state, corrections=corrections)
                    session.flush()
                    kept = _to_answer(row)
                return kept, is_new
            except IntegrityError:
                continue
        raise CorrectionsError("The answer can't be kept: it changes too often", remedy="Send it again.")

    def decide(self, name: str, labels: Sequence[str]) -> KeptAnswer:
        """Write down what a person says of a kept answer.

        Args:
            name: Its id.
            labels: One of `LABELS` for each digit.

        Raises:
            UnknownAnswerError: If it isn't kept.
            UsageError: If the labels don't fit the digits.
            CorrectionsError: If the database fails.
        """
        with telling_problems(), Session(self._writing) as session, session.begin():
            row = _require(session.scalar(_by_id(name).with_for_update()), name)
            state, corrections = judge([_to_digit(digit) for digit in row.digits], labels)
            row.state, row.updated_at = state, _now()
            for digit, correction in zip(row.digits, corrections, strict=True):
                digit.correction = correction
            session.flush()
            return _to_answer(row)

    def find(self, name: str) -> KeptAnswer:
        """Return one answer.

        Args:
            name: Its id.

        Raises:
            UnknownAnswerError: If it isn't kept.
            CorrectionsError: If the database fails.
        """
        with telling_problems(), Session(self._engine) as session:
            return _to_answer(_require(session.scalar(_by_id(name)), name))

    def load_picture(self, name: str) -> bytes | None:
        """Return the page of an answer, PNG; None if it was not kept.

        Args:
            name: The answer's id.

        Raises:
            UnknownAnswerError: If the answer isn't kept.
            CorrectionsError: If the database fails.
        """
        with telling_problems(), Session(self._engine) as session:
            row = session.execute(select(AnswerRow.picture).where(AnswerRow.id == name)).first()
        if row is None:
            raise _unknown(name)
        picture: bytes | None = row[0]
        return picture

    def list_answers(self, states: Sequence[State], *, limit: int, before: int | None = None) -> AnswerPage:
        """Return some answers, newest first.

        Args:
            states: Which ones.
            limit: How many at most.
            before: Only those whose `number` is smaller.

        Raises:
            CorrectionsError: If the database fails.
        """
        wanted = select(AnswerRow).where(AnswerRow.state.in_(states)).order_by(AnswerRow.number.desc())
        if before is not None:
            wanted = wanted.where(AnswerRow.number < before)
        with telling_problems(), Session(self._engine) as session:
            items = [_to_answer(row) for row in session.scalars(wanted.limit(limit + 1))]
        return AnswerPage(tuple(items[:limit]), items[limit - 1].number if len(items) > limit else None)

    def go_through(self, states: Sequence[State]) -> Iterator[KeptAnswer]:
        """Yield all answers of some states, oldest first, a few in memory at a time.

        Args:
            states: Which ones.

        Raises:
            CorrectionsError: If the database fails.
        """
        last = -1
        while True:
            wanted = select(AnswerRow).where(AnswerRow.state.in_(states), AnswerRow.number > last)
            with telling_problems(), Session(self._engine) as session:
                rows = session.scalars(wanted.order_by(AnswerRow.number).limit(_AT_ONCE))
                items = [_to_answer(row) for row in rows]
            if not items:
                return
            yield from items
            last = items[-1].number

    def count(self) -> Counts:
        """Return how many answers there are of each state.

        Raises:
            CorrectionsError: If the database fails.
        """
        wanted = select(AnswerRow.state, func.count()).group_by(AnswerRow.state)
        with telling_problems(), Session(self._engine) as session:
            counts = {str(row[0]): int(row[1]) for row in session.execute(wanted)}
        return Counts(**counts)

    def delete(self, name: str) -> None:
        """Forget one answer.

        Args:
            name: Its id.

        Raises:
            UnknownAnswerError: If it isn't kept.
            CorrectionsError: If the database fails.
        """
        with telling_problems(), Session(self._writing) as session, session.begin():
            row = _require(session.scalar(_by_id(name).with_for_update()), name)
            session.execute(delete(DigitRow).where(DigitRow.answer == row.number))
            session.execute(delete(AnswerRow).where(AnswerRow.number == row.number))

    def delete_all(self) -> int:
        """Forget everything, also in SQLite's journal.

        Returns:
            How many answers there were.

        Raises:
            CorrectionsError: If the database fails.
        """
        with telling_problems(), Session(self._writing) as session, session.begin():
            session.execute(delete(DigitRow))
            count = len(session.execute(delete(AnswerRow).returning(AnswerRow.number)).all())
        if self.backend == "sqlite":
            with telling_problems():
                raw = self._engine.raw_connection()  # not in a transaction, as all of SQLAlchemy's are
                try:
                    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    raw.close()
        return count


def _by_id(name: str) -> Select[AnswerRow]:
    return select(AnswerRow).where(AnswerRow.id == name)


def _fill(row: AnswerRow, answer: NewAnswer, *, state: State, corrections: Sequence[str | None]) -> None:
    row.state = state
    row.reading = dict(answer.reading)
    row.confidence = min((digit.confidence for digit in answer.digits), default=0.0)
    row.picture, row.picture_bytes = answer.picture, len(answer.picture or b"")
    row.model, row.model_hash, row.version = answer.model, answer.model_hash, answer.version
    row.updated_at = _now()
    wanted = list(enumerate(zip(answer.digits, corrections, strict=True)))
    del row.digits[len(wanted) :]
    for place, (digit, correction) in wanted:
        if place == len(row.digits):
            row.digits.append(DigitRow(place=place))
        kept = row.digits[place]
        kept.label, kept.confidence = digit.label, digit.confidence
        kept.form, kept.correction = digit.form, correction


def _to_digit(row: DigitRow) -> JudgedDigit:
    return JudgedDigit(row.label, row.confidence, row.form, row.correction)


def _to_answer(row: AnswerRow) -> KeptAnswer:
    return KeptAnswer(
        number=row.number,
        id=row.id,
        state=cast("State", row.state),
        reading=row.reading,
        digits=tuple(_to_digit(digit) for digit in row.digits),
        has_picture=row.picture_bytes > 0,
        model=row.model,
        model_hash=row.model_hash,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _require(row: AnswerRow | None, name: str) -> AnswerRow:
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> UnknownAnswerError:
    return UnknownAnswerError(
        f"No answer {name[:80]!r} is kept", remedy="It may have been deleted; load the list again."
    )


def _now() -> datetime:
    return datetime.now(UTC)
