"""The tables, typed.

Owns: what a row holds. Leaves to others: how tables came about (migrations), what is asked of them (store).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Float, ForeignKey, Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

PREFIX = "inkdigits_"  # a PostgreSQL database may hold other people's tables too
VERSION_TABLE = f"{PREFIX}version"
MAX_ID_CHARS = 64


class UtcTime(TypeDecorator[datetime]):
    """A moment, always in UTC: SQLite knows no time zones and gives moments back without."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring a moment to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        if value is None or value.tzinfo is not None:
            return value if value is None else value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all tables."""


class AnswerRow(Base):
    """One answer that a person wanted to keep; see `records.KeptAnswer`."""

    __tablename__ = f"{PREFIX}answers"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - numbers of deleted answers are not used again

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(MAX_ID_CHARS), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    reading: Mapped[dict[str, Any]] = mapped_column(JSON)
    confidence: Mapped[float] = mapped_column(Float)
    picture_bytes: Mapped[int] = mapped_column(Integer)
    picture: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    model: Mapped[str] = mapped_column(String(200))
    model_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    digits: Mapped[list[DigitRow]] = relationship(
        order_by="DigitRow.place", cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )


class DigitRow(Base):
    """One digit of an answer; see `records.JudgedDigit`."""

    __tablename__ = f"{PREFIX}digits"

    answer: Mapped[int] = mapped_column(
        ForeignKey(f"{PREFIX}answers.number", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    label: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float] = mapped_column(Float)
    form: Mapped[bytes | None] = mapped_column(LargeBinary)
    correction: Mapped[str | None] = mapped_column(String(16))
