"""How the tables came about, one step a file, for Alembic; `database.migrate` takes them when a service starts."""
