"""Statements that Django's ORM writes once, and that are sent again with other values.

To write a statement takes the ORM longer than it takes to send it and to read the answer; and a
worker sends the same few all day. What is written depends on the models and the database alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import Expression, Model
from django.db.models.sql import InsertQuery, UpdateQuery
from django.utils import timezone

__all__ = ("Insert", "Parameter", "Select", "Update", "column_parameter", "utc_offset")

#: More rows than these are inserted by the ORM: each number of rows is a statement of its own.
MOST_ROWS = 24


class Parameter(Expression):
    """Stands in a statement for a value that is another one each time.

    Args:
        name: Name of the value.
        adapt: Turns it into what the driver of the database takes; by default it is sent as it is.
    """

    def __init__(self, name: str, adapt: Callable[[Any], Any] | None = None) -> None:
        """Keep the name."""
        super().__init__()
        self.name = name
        self.adapt = adapt

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write a place for the value."""
        return "%s", [self]

    def resolve_expression(self, *args: Any, **options: Any) -> Parameter:
        """Return itself: there is nothing to find out."""
        return self


def utc_offset(connection: Any) -> timedelta:
    """Return what is added to UTC in the instants of a database.

    They are in the zone of the database (UTC) or, without ``USE_TZ``, in that of ``TIME_ZONE``.
    """
    here = connection.timezone or timezone.get_default_timezone()
    return datetime.now(here).utcoffset() or timedelta(0)


def column_parameter(field: Any, connection: Any) -> Parameter:
    """Return a parameter for the value of a column, named like the attribute.

    Args:
        field: The field of the model.
        connection: The connection to the database.
    """
    return Parameter(field.attname, lambda value: field.get_db_prep_save(value, connection))


class _Statement:
    """What to send, for each database and model class that it is for.

    Args:
        write: Returns what the ORM shall compile: for the alias of a database and a model class.
    """

    def __init__(self, write: Callable[[str, Any], Any]) -> None:
        self._write = write
        self._compiled: WeakKeyDictionary[type[Model], dict[Any, Any]] = WeakKeyDictionary()

    def _find(self, using: str, model: type[Model], number: int = 1) -> Any:
        compiled = self._compiled.setdefault(model, {})
        # Where the database knows no zones, what is written of the time is another in summer.
        key = (using, number, utc_offset(connections[using]))
        found = compiled.get(key)
        if found is None:
            found = compiled[key] = self._compile(using, model, number)
        return found

    def _compile(self, using: str, model: type[Model], number: int) -> Any:
        raise NotImplementedError


def _fill(params: Iterable[Any], values: Mapping[str, Any]) -> list[Any]:
    return [_value(part, values) if type(part) is Parameter else part for part in params]


def _value(parameter: Parameter, values: Mapping[str, Any]) -> Any:
    value = values[parameter.name]
    return value if parameter.adapt is None else parameter.adapt(value)


class Select(_Statement):
    """Reads instances of a model, as a queryset would that is neither split up nor prefetched.

    Args:
        write: Returns the queryset, with parameters in it, for an alias and a model class.
    """

    def _compile(self, using: str, model: type[Model], number: int) -> Any:
        queryset = self._write(using, model)
        compiler = queryset.query.get_compiler(using)
        sql, params = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select]
        converters = list(compiler.get_converters(columns).items())
        fields = compiler.klass_info["select_fields"]
        start, end = fields[0], fields[-1] + 1
        names = [column.target.attname for column in columns[start:end]]
        extra = list(compiler.annotation_col_map.items())
        return sql, params, converters, (queryset.model, start, end, names, extra)

    def read(self, using: str, model: type[Model], **values: Any) -> list[Any]:
        """Send it, and return the instances.

        Args:
            using: Alias of the database.
            model: The model class that the statement is written for.
            values: The parameters.
        """
        sql, params, converters, shape = self._find(using, model)
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(sql, _fill(params, values))
            rows = cursor.fetchall()
        return [_instance(using, row, converters, shape, connection) for row in rows]


def _instance(using: str, row: Sequence[Any], converters: Any, shape: Any, connection: Any) -> Any:
    model, start, end, names, extra = shape
    if converters:
        row = list(row)
        for position, (functions, expression) in converters:
            for function in functions:
                row[position] = function(row[position], expression, connection)
    instance = model.from_db(using, names, row[start:end])
    for name, position in extra:
        setattr(instance, name, row[position])
    return instance


class Update(_Statement):
    """Changes rows.

    Args:
        write: Returns a queryset and the values to set, for an alias and a model class.
    """

    def _compile(self, using: str, model: type[Model], number: int) -> Any:
        queryset, columns = self._write(using, model)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(columns)
        return query.get_compiler(using).as_sql()

    def send(self, using: str, model: type[Model], **values: Any) -> int:
        """Send it, and return how many rows were changed."""
        sql, params = self._find(using, model)
        with connections[using].cursor() as cursor:
            cursor.execute(sql, _fill(params, values))
            return int(cursor.rowcount)


class Insert(_Statement):
    """Inserts rows, as ``bulk_create()`` does.

    Args:
        special: By the name of an attribute, what is written for it, and what gives the parameter
            for that from the value of an object.
    """

    def __init__(self, **special: tuple[Expression, Callable[[Any], Any]]) -> None:
        """Write nothing yet."""
        super().__init__(lambda using, model: {name: part[0] for name, part in special.items()})
        self._special = {name: part[1] for name, part in special.items()}

    def _compile(self, using: str, model: type[Model], number: int) -> Any:
        connection, options = connections[using], model._meta
        fields = [field for field in options.concrete_fields if not field.primary_key]
        columns = {field.attname: column_parameter(field, connection) for field in fields}
        row: Any = SimpleNamespace(**columns | self._write(using, model))
        query = InsertQuery(model)
        query.insert_values(fields, [row] * number, raw=True)
        compiler: Any = query.get_compiler(using)
        compiler.returning_fields = [options.pk]
        ((sql, params),) = compiler.as_sql()
        return sql, params[: len(params) // number]

    def insert(
        self, using: str, model: type[Model], rows: Sequence[Mapping[str, Any]]
    ) -> list[int] | None:
        """Insert rows.

        Args:
            using: Alias of the database.
            model: The model class.
            rows: For each row the values by the names of their attributes, all but the key.

        Returns:
            The keys; None where nothing was done, since so many rows, or this database, need
            ``bulk_create()``.
        """
        connection = connections[using]
        if len(rows) > MOST_ROWS or not connection.features.can_return_rows_from_bulk_insert:
            return None
        if not rows:
            return []
        sql, params = self._find(using, model, len(rows))
        with connection.cursor() as cursor:
            cursor.execute(sql, [value for row in rows for value in _fill(params, row)])
            return [row[0] for row in cursor.fetchall()]

    def save(self, using: str, model: type[Model], objects: Sequence[Any]) -> None:
        """Insert the rows of unsaved objects of a model, and give them their keys."""
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        keys = self.insert(using, model, [self._read(fields, item) for item in objects])
        if keys is None:
            model._base_manager.using(using).bulk_create(objects)
            return
        for item, key in zip(objects, keys, strict=True):
            item.pk, item._state.adding, item._state.db = key, False, using

    def _read(self, fields: Iterable[Any], item: Any) -> dict[str, Any]:
        row = {field.attname: field.pre_save(item, add=True) for field in fields}
        for name, read in self._special.items():
            row[name] = read(row[name])
        return row
