"""The store: SQLAlchemy on SQLite or Postgres, with alembic."""
