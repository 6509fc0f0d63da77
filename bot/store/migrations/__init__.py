"""Migrations of the database, in Alembic's form."""
