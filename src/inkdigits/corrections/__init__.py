"""What people said of answers: confirmed, corrected, or still to be looked at; kept in a database if they want it.

Owns: the database (tables, migrations, SQLite or PostgreSQL), and turning what is in it into a data set. Leaves to
others: HTTP (web), learning (training). SQLAlchemy and Alembic live here, behind the extra `corrections`.
"""

from inkdigits.corrections.records import (
    LABELS,
    NOT_A_DIGIT,
    Counts,
    JudgedDigit,
    KeptAnswer,
    NewAnswer,
    State,
)

__all__ = ["LABELS", "NOT_A_DIGIT", "Counts", "JudgedDigit", "KeptAnswer", "NewAnswer", "State"]
