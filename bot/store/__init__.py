"""The database: tables, the unit of work, migrations; SQLite as shipped, PostgreSQL in production."""
