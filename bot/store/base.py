"""What the groups of rows share: a connection, the vault, and an insert that tolerates repeats."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.privacy import Vault
from bot.store.tables import Base


class Rows:
    """A group of rows reached through one transaction."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def _upsert(self, table: type[Base]) -> PostgresInsert | SqliteInsert:
        """An insert of the dialect that knows ON CONFLICT."""
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    def _seal_json(self, value: Any) -> bytes:
        return self._vault.seal(json.dumps(value, ensure_ascii=False))

    def _open_json(self, sealed: bytes) -> Any:
        return json.loads(self._vault.open(sealed))


def table_of(model: type[Base]) -> Table:
    """The Core table of a model, for statements without the ORM's overhead."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows the type; declarative models always have one
    return table
