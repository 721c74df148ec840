"""Statements of every case, compiled once instead of anew each time.

Django compiles a query from objects whenever it runs; for the few statements that stand in every case that takes longer
than the database needs. What is kept here is Django's own SQL for the model, with its own converters and signals, so a
row comes out as if it had been read or saved the usual way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, IntegrityError, connections, router
from django.db.models import Field, IntegerField, Model, QuerySet, UUIDField
from django.db.models.signals import post_save, pre_save

from approval_hook.columns import Column, column, prepared, readers, row_of, value_of

M = TypeVar("M", bound=Model)

#: Stands for the key while a statement is compiled; no real key looks like it.
_STAND_IN = 1_990_417_205


@dataclass(frozen=True, slots=True)
class _Select:
    sql: str
    key: Column
    fixed: dict[str, Any]  # its parameters but for the key
    names: tuple[str, ...]
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]


class First(Generic[M]):
    """The first row that has a key, in some order."""

    def __init__(self, model: type[M], key: str, query: Callable[[QuerySet[M]], QuerySet[M]]) -> None:
        """Keep what builds the query.

        Args:
            model: whose rows are read, all of them; a default manager that looks at the thread or the hour plays no
                part.
            key: the field that must equal the key.
            query: orders the rows, or narrows them further; plain columns only.
        """
        self._model = model
        self._name = key
        found: Any = model._meta.pk if key == "pk" else model._meta.get_field(key)
        while found.remote_field is not None:
            found = found.target_field
        self._field = found
        self._query = query
        self._compiled: dict[str, _Select] = {}

    def __call__(self, key: Any) -> M | None:
        """The first row with this key, or None."""
        using = router.db_for_read(self._model)
        compiled = self._compiled.get(using)
        if compiled is None:
            compiled = self._compiled[using] = self._compile(using)
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, {**compiled.fixed, "key": value_of(compiled.key, key, connection)})
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for position, converters, expression in compiled.converters:
            value = row[position]
            for convert in converters:
                value = convert(value, expression, connection)
            row[position] = value
        return row_of(self._model, using, compiled.names, row)

    def _compile(self, using: str) -> _Select:
        stand_in: Any = _STAND_IN
        if isinstance(self._field, UUIDField):
            stand_in = uuid.UUID(int=_STAND_IN)
        elif not isinstance(self._field, IntegerField):
            stand_in = str(_STAND_IN)
        rows = self._query(self._model._base_manager.using(using).filter(**{self._name: stand_in}))
        compiler = rows[:1].query.get_compiler(using)
        sql, params = compiler.as_sql()
        key = self._field.get_db_prep_value(stand_in, connections[using])
        named = {"key" if value == key else f"fixed_{place}": value for place, value in enumerate(params)}
        columns = [expression for expression, _, _ in compiler.select]
        converters = compiler.get_converters(columns)
        return _Select(
            sql % tuple(f"%({name})s" for name in named),  # Django's SQLite cursor takes names faster than places
            column(self._field, using),
            {name: value for name, value in named.items() if name != "key"},
            tuple(column.target.attname for column in columns),
            tuple(
                (position, readers(expression.target, found, using), expression)
                for position, (found, expression) in converters.items()
            ),
        )


@cache
def by_key(model: type[M]) -> First[M]:
    """What reads one row of a model by its primary key."""
    return First(model, "pk", lambda rows: rows.order_by())


@dataclass(frozen=True, slots=True)
class _Insert:
    sql: str
    columns: tuple[Column, ...]
    makes_key: bool  # the database does
    returns: bool  # the key, as a row


@cache
def _insert(model: type[Model], using: str, unless: tuple[str, ...]) -> _Insert:
    connection = connections[using]
    quote = connection.ops.quote_name
    meta = model._meta
    key = meta.pk
    returns = key is meta.auto_field
    fields = tuple(field for field in meta.local_concrete_fields if not (returns and field is key))
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own models
    if unless:
        same = ", ".join(quote(str(field.column)) for field in fields if field.name in unless)
        sql = f"{sql} ON CONFLICT ({same}) DO NOTHING"
    returned = returns and connection.features.can_return_columns_from_insert
    if returned:
        sql = f"{sql} RETURNING {quote(str(key.column))}"
    return _Insert(sql, tuple(column(field, using) for field in fields), returns, returned)


def insert(row: Model, using: str | None = None, *, unless: tuple[str, ...] = (), signals: bool = True) -> bool:
    """Insert a new row of a model that inherits from no other one.

    Args:
        row: a new row.
        using: alias of the database; by default the one that is written to.
        unless: fields of a unique key. Where another row has the same, nothing is inserted, and the transaction
            goes on: that takes no savepoint.
        signals: send them as ``save`` does; Django sends none for the links of a relation.

    Returns:
        Whether the row was inserted.

    Raises:
        IntegrityError: the row breaks another constraint.
    """
    model = type(row)
    using = using or router.db_for_write(model, instance=row)
    connection = connections[using]
    compiled = _insert(model, using, unless)
    if signals:
        pre_save.send(sender=model, instance=row, raw=False, using=using, update_fields=None)
    values = prepared(compiled.columns, row, connection)
    with connection.cursor() as cursor:
        try:
            cursor.execute(compiled.sql, values)
        except IntegrityError as error:
            # On SQLite the triggers of evidence refuse before the clause is heard; that ends the statement alone.
            if unless and connection.vendor == "sqlite" and "UNIQUE" in str(error):
                return False
            raise
        if compiled.returns:
            found = cursor.fetchone()
            if found is None:
                return False
            row.pk = found[0]
        elif cursor.rowcount == 0:
            return False
        elif compiled.makes_key:
            row.pk = cursor.lastrowid
    row._state.adding = False
    row._state.db = using
    if signals:
        post_save.send(sender=model, instance=row, created=True, update_fields=None, raw=False, using=using)
    return True


def insert_many(rows: Sequence[Model]) -> None:
    """Insert new rows of one model whose keys the database makes and nobody asks for; no signals are sent."""
    if not rows:
        return
    model = type(rows[0])
    using = router.db_for_write(model)
    connection = connections[using]
    compiled = _insert(model, using, ())
    sql = compiled.sql.partition(" RETURNING ")[0]
    with connection.cursor() as cursor:
        cursor.executemany(sql, [prepared(compiled.columns, row, connection) for row in rows])


class Update(Generic[M]):
    """An update of a few columns where a condition with keys holds."""

    def __init__(self, model: type[M], columns: Sequence[str], where: str) -> None:
        """Keep what is to be written.

        Args:
            model: whose rows change.
            columns: fields that get new values.
            where: condition in SQL of our own, a ``%s`` for each key.
        """
        self._model = model
        self._fields = [field for name in columns if isinstance(field := model._meta.get_field(name), Field)]
        self._columns: dict[str, list[Column]] = {}
        # Both databases quote names like this; a host's may need it.
        assigned = ", ".join(f'"{field.column}" = %s' for field in self._fields)
        self._sql = f'UPDATE "{model._meta.db_table}" SET {assigned} WHERE {where}'  # noqa: S608 - no value is in it

    def __call__(self, values: Sequence[Any], keys: Sequence[Any], using: str | None = None) -> int:
        """Write the values; how many rows changed."""
        using = using or router.db_for_write(self._model)
        connection = connections[using]
        columns = self._columns.get(using)
        if columns is None:
            columns = self._columns[using] = [column(field, using) for field in self._fields]
        assigned = [value_of(each, value, connection) for each, value in zip(columns, values, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [*assigned, *keys])
            return int(cursor.rowcount)


@cache
def _save(model: type[M], fields: tuple[str, ...]) -> Update[M]:
    return Update(model, fields, f'"{model._meta.pk.column}" = %s')


def save(row: Model, fields: tuple[str, ...]) -> None:
    """Save some fields of a row that stands in one table; signals are sent as by ``save(update_fields=fields)``.

    Raises:
        DatabaseError: the row is no more.
    """
    names = frozenset(fields)
    using = router.db_for_write(type(row), instance=row)
    update = _save(type(row), fields)
    _stored(row, using, lambda: update([getattr(row, name) for name in fields], (row.pk,), using), names)


def save_whole(row: Model) -> None:
    """Save a row that stands in one table, every column of it; signals are sent as by ``save()``.

    A row with columns that were not read, or whose relations do not agree with them, is left to Django.

    Raises:
        DatabaseError: the row is no more; Django would put it back.
    """
    using = router.db_for_write(type(row), instance=row)
    compiled = _save_whole(type(row), using)
    if row._state.adding or not compiled.holds(row):
        row.save()
        return

    def write() -> int:
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, [*prepared(compiled.columns, row, connection, adding=False), row.pk])
            return int(cursor.rowcount)

    _stored(row, using, write, None)


@dataclass(frozen=True, slots=True)
class _Whole:
    sql: str
    columns: tuple[Column, ...]
    relations: dict[str, tuple[str, str]]  # name -> (attribute of the row, attribute of the other one)

    def holds(self, row: Model) -> bool:
        """Whether every column was read, and every relation that was followed still leads where its column says."""
        if not all(each.name in row.__dict__ for each in self.columns):
            return False
        for name, other in row._state.fields_cache.items():
            if other is None:
                continue
            here, there = self.relations.get(name, ("", ""))
            if not here or row.__dict__[here] is None or getattr(other, there) != row.__dict__[here]:
                return False
        return True


@cache
def _save_whole(model: type[Model], using: str) -> _Whole:
    quote = connections[using].ops.quote_name
    meta = model._meta
    fields: Any = tuple(field for field in meta.local_concrete_fields if not field.primary_key)
    assigned = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    return _Whole(
        f"UPDATE {quote(meta.db_table)} SET {assigned} WHERE {quote(str(meta.pk.column))} = %s",  # noqa: S608 - as above
        tuple(column(field, using) for field in fields),
        {f.name: (f.attname, f.target_field.attname) for f in fields if f.remote_field is not None},
    )


def _stored(row: Model, using: str, write: Callable[[], int], fields: frozenset[str] | None) -> None:
    model = type(row)
    pre_save.send(sender=model, instance=row, raw=False, using=using, update_fields=fields)
    if not write():
        raise DatabaseError(f"No row of {model._meta.db_table} was there to save.")
    post_save.send(sender=model, instance=row, created=False, update_fields=fields, raw=False, using=using)
