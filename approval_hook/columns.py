"""How values go to the database and how rows are made, decided once for each model.

Django asks each field of each row anew how it is written, and sets each attribute of each row through a descriptor; for
the rows that stand in every case that takes longer than the database needs. Here a value of the type that a field is
made for takes the same way that Django takes in the end. Any other value, field or model is left to Django.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db import connections, models
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init
from django.utils.timezone import make_aware

M = TypeVar("M", bound=models.Model)
Read = Callable[[Any, Any, Any], Any]  # (value, expression, connection) -> what the row holds
Prepare = Callable[[Any, Any], Any]  # (value, connection) -> what the driver takes

_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode


class Column(NamedTuple):
    """How a field's values go to the database."""

    name: str  # attribute of the row
    field: Any
    kinds: frozenset[type]  # values of these very types take the short way
    short: Prepare | None  # None: as they are
    saves_itself: bool  # the field makes its value when the row is saved


def column(field: Any, using: str) -> Column:
    """How the values of this field go to this database."""
    target = field
    while target.remote_field is not None:
        target = target.target_field
    saves_itself = _makes_values(field)
    kinds, short = (frozenset[type](), None) if saves_itself else _short(target, field.model, using)
    return Column(field.attname, field, kinds, short, saves_itself)


def _makes_values(field: Any) -> bool:
    if type(field).pre_save in (models.DateField.pre_save, models.DateTimeField.pre_save):
        return bool(field.auto_now or field.auto_now_add)
    return type(field).pre_save is not models.Field.pre_save


def _short(field: Any, model: type[models.Model], using: str) -> tuple[frozenset[type], Prepare | None]:
    connection = connections[using]
    sqlite = connection.vendor == "sqlite"
    kind = type(field)
    if kind in (models.CharField, models.TextField):
        return frozenset({str}), None
    if kind is models.BooleanField:
        return frozenset({bool}), None
    if kind in (models.AutoField, models.BigAutoField):
        return frozenset({int}), None
    if kind in (models.PositiveSmallIntegerField, models.PositiveIntegerField):
        internal = field.get_internal_type()
        return frozenset({int}), None if sqlite else lambda v, c: c.ops.adapt_integerfield_value(v, internal)
    if kind is models.UUIDField:
        return frozenset({uuid.UUID}), None if connection.features.has_native_uuid_field else lambda v, c: v.hex
    if kind is models.DateTimeField:
        return frozenset({datetime}), lambda v, c: _moment(field, v, c)
    if kind is models.DateField:
        return frozenset({date}), lambda v, c: c.ops.adapt_datefield_value(v)
    if kind is models.BinaryField:
        return frozenset({bytes}), lambda v, c: c.Database.Binary(v)
    # A host's JSON may hold what only Python's own JSON writes.
    if kind is models.JSONField and field.encoder is None and model._meta.app_label == "approval_hook" and sqlite:
        return frozenset({dict, list}), lambda v, c: _json(v).decode()
    return frozenset(), None


def _moment(field: Any, value: datetime, connection: Any) -> Any:
    if value.tzinfo is None or connection.timezone is None:
        return field.get_db_prep_save(value, connection)
    if connection.vendor == "sqlite":
        return str(value.astimezone(connection.timezone).replace(tzinfo=None))
    return connection.ops.adapt_datetimefield_value(value)


def prepared(columns: Sequence[Column], row: models.Model, connection: Any, *, adding: bool = True) -> list[Any]:
    """What goes to the database of a row that is saved: a new one, or one that is there already."""
    data = row.__dict__
    values = []
    for name, field, kinds, short, saves_itself in columns:
        if saves_itself or name not in data:
            values.append(field.get_db_prep_save(field.pre_save(row, adding), connection))
            continue
        value = data[name]
        if type(value) in kinds:
            values.append(value if short is None else short(value, connection))
        else:
            values.append(None if value is None else field.get_db_prep_save(value, connection))
    return values


def value_of(column: Column, value: Any, connection: Any) -> Any:
    """What goes to the database of a single value."""
    if type(value) in column.kinds:
        return value if column.short is None else column.short(value, connection)
    return column.field.get_db_prep_save(value, connection)


def readers(field: Any, found: Sequence[Read], using: str) -> Sequence[Read]:
    """What makes the values of a field from what the driver gives: Django's converters, or one that does the same.

    Args:
        field: a concrete field.
        found: Django's converters of it.
        using: alias of the database.
    """
    sqlite = connections[using].vendor == "sqlite"
    if len(found) != 1:
        return found
    if type(field) is models.DateTimeField and sqlite:
        return [_read_moment]
    if type(field) is models.DateField and sqlite:
        return [_read_day]
    if type(field) is models.JSONField and field.decoder is None:
        return [_read_json]
    return found


def _read_moment(value: Any, expression: Any, connection: Any) -> Any:
    if value is None:
        return None
    zone = connection.timezone
    read = datetime.fromisoformat(value) if type(value) is str and zone is not None else None
    if read is None or read.tzinfo is not None:
        return connection.ops.convert_datetimefield_value(value, expression, connection)
    return make_aware(read, zone) if zone is not UTC else read.replace(tzinfo=UTC)


def _read_day(value: Any, expression: Any, connection: Any) -> Any:
    return date.fromisoformat(value) if type(value) is str else value


def _read_json(value: Any, expression: Any, connection: Any) -> Any:
    if value is None:
        return None
    try:
        return _from_json(value)
    except msgspec.DecodeError:  # Python's JSON reads a little more
        return expression.target.from_db_value(value, expression, connection)


def row_of(model: type[M], using: str, names: Iterable[str], values: Iterable[Any]) -> M:
    """A row as it was read, every column of it."""
    if not _plain(model) or pre_init.receivers or post_init.receivers:
        return model.from_db(using, list(names), list(values))
    row = model.__new__(model)
    row.__dict__.update(zip(names, values, strict=True))
    row._state = state = ModelState()
    state.adding = False
    state.db = using
    return row


def new(model: type[M], **values: Any) -> M:
    """A new row; a field that is not named has its default.

    Args:
        model: of which the row is.
        values: by field name; a relation takes the row that it leads to.
    """
    if not _plain(model) or pre_init.receivers or post_init.receivers:
        return model(**values)
    row = model.__new__(model)
    row._state = state = ModelState()
    data = row.__dict__
    for name, attname, related, default in _fields(model):
        if name in values:
            value = values.pop(name)
            if related is not None:
                state.fields_cache[name] = value
                value = getattr(value, related)
            data[attname] = value
        else:
            data[attname] = default()
    if values:
        raise TypeError(f"{model.__name__} has no field {', '.join(values)}.")
    return row


@cache
def _fields(model: type[models.Model]) -> tuple[tuple[str, str, str | None, Callable[[], Any]], ...]:
    fields: Any = model._meta.concrete_fields
    return tuple(
        (f.name, f.attname, f.target_field.attname if f.remote_field is not None else None, f.get_default)
        for f in fields
    )


@cache
def _plain(model: type[models.Model]) -> bool:
    """True where nobody has a say in how rows are made: no class of the model's, no field."""
    made_by_django = not any(
        name in vars(base)
        for base in model.__mro__
        if base not in (models.Model, object)
        for name in ("__init__", "__new__", "__setattr__", "from_db")
    )
    return made_by_django and all(
        type(descriptor) in (DeferredAttribute, ForeignKeyDeferredAttribute) for descriptor in _descriptors(model)
    )


def _descriptors(model: type[models.Model]) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        yield next((vars(base)[field.attname] for base in model.__mro__ if field.attname in vars(base)), None)
