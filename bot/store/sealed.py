"""Rows of any kind by their plain values: columns of bytes are sealed, those named as JSON hold JSON inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, TypeVar

from sqlalchemy import LargeBinary, Select, insert, select, update

from bot.store.base import Rows, table_of
from bot.store.tables import Base

R = TypeVar("R")


class SealedRows(Rows):
    """A group of tables whose rows are dataclasses with the same names."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {}
    JSON: ClassVar[frozenset[str]] = frozenset()

    async def add(self, *rows: Any) -> None:
        """Insert rows."""
        for row in rows:
            table = table_of(self.TABLES[type(row)])
            values = {f.name: getattr(row, f.name) for f in fields(row)}
            await self._connection.execute(insert(table).values(**self._written(type(row), values)))

    async def add_numbered(self, row: Any) -> int:
        """Insert a row whose number (its first field) the database gives; the number."""
        table = table_of(self.TABLES[type(row)])
        first, *rest = fields(row)
        values = {f.name: getattr(row, f.name) for f in rest}
        statement = insert(table).values(**self._written(type(row), values)).returning(table.c[first.name])
        return int((await self._connection.execute(statement)).scalar_one())

    async def change(self, kind: type, key: Any, /, *conditions: Any, **values: Any) -> bool:
        """Update columns of one row, if the further conditions still hold; whether it was so."""
        table = table_of(self.TABLES[kind])
        own = table.c[fields(kind)[0].name]
        statement = update(table).where(own == key, *conditions).values(**self._written(kind, values))
        return bool((await self._connection.execute(statement)).rowcount)

    def columns(self, kind: type) -> Select[Any]:
        """A query for whole rows of that kind."""
        table = table_of(self.TABLES[kind])
        return select(*(table.c[f.name] for f in fields(kind)))

    async def all(self, kind: type[R], query: Select[Any]) -> list[R]:
        """The rows that a query of `columns` finds."""
        return [self._read(kind, r._mapping) for r in await self._connection.execute(query)]

    async def first(self, kind: type[R], query: Select[Any]) -> R | None:
        """The first of them."""
        found = (await self._connection.execute(query.limit(1))).first()
        return self._read(kind, found._mapping) if found else None

    async def by_key(self, kind: type[R], key: Any) -> R | None:
        """The row with that key (the first field)."""
        name = fields(kind)[0].name  # type: ignore[arg-type]  # every kind is a dataclass
        return await self.first(kind, self.columns(kind).where(table_of(self.TABLES[kind]).c[name] == key))

    def _sealed(self, kind: type) -> Sequence[str]:
        return [c.name for c in table_of(self.TABLES[kind]).columns if isinstance(c.type, LargeBinary)]

    def _written(self, kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
        written = dict(values)
        for name in self._sealed(kind):
            if (value := written.get(name)) is not None:
                written[name] = self._seal_json(value) if name in self.JSON else self._vault.seal(value)
        return written

    def _read(self, kind: type[R], mapping: Mapping[Any, Any]) -> R:
        values = {f.name: mapping[f.name] for f in fields(kind)}  # type: ignore[arg-type]  # a dataclass, as above
        for name in self._sealed(kind):
            if (value := values.get(name)) is not None:
                values[name] = self._open_json(value) if name in self.JSON else self._vault.open(value)
        return kind(**values)
