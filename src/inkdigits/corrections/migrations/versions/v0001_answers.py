"""Answers and their digits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "inkdigits_answers",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reading", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("picture_bytes", sa.Integer, nullable=False),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("model_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inkdigits_answers_state", "inkdigits_answers", ["state"])
    op.create_table(
        "inkdigits_digits",
        sa.Column(
            "answer",
            sa.Integer,
            sa.ForeignKey("inkdigits_answers.number", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("form", sa.LargeBinary),
        sa.Column("correction", sa.String(16)),
    )


def downgrade() -> None:
    """Drop both tables, with everything in them."""
    op.drop_table("inkdigits_digits")
    op.drop_table("inkdigits_answers")
