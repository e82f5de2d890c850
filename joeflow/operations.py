"""Operations of migrations that change a table while others go on with it.

A change of a table has to wait for every transaction that has used the table, and whoever comes
after it waits behind it, even to read. So none of these waits in that line for long: it gives up
its place and tries again. An index is built and dropped beside those who write, where the database
can do that.

Each operation is a transaction of its own (``atomic = False``), and finds out what an earlier
attempt has already done, so that ``migrate`` may be interrupted and started again.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from django.db import DatabaseError, OperationalError, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from joeflow.locks import is_taken

__all__ = ("AddColumn", "AddIndex", "AddManyToMany", "AddTable", "DropIndexes")

#: Seconds that others may have to wait behind a change, and that it leaves to them before the next.
LOCK_TIMEOUT = 1
PAUSE = 0.5
#: Seconds after which a change gives up.
PATIENCE = 600

_WITH_LOCK_TIMEOUT = {
    "postgresql": (f"SET lock_timeout = '{LOCK_TIMEOUT}s'", "RESET lock_timeout"),
    "mysql": (
        f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT}",
        "SET SESSION lock_wait_timeout = DEFAULT",
    ),
}


def change(schema_editor: BaseDatabaseSchemaEditor, make: Callable[[], None]) -> None:
    """Change a table, and let nobody wait behind that for long.

    Args:
        schema_editor: Of the database.
        make: Makes the change.

    Raises:
        OperationalError: Others have used the table all the time.
    """
    connection = schema_editor.connection
    # In somebody's transaction, a lock that is taken would end that.
    if connection.in_atomic_block or connection.vendor not in _WITH_LOCK_TIMEOUT:
        with _whole(connection):
            make()
        return
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with lock_timeout(connection):
                make()
            return
        except DatabaseError as error:
            if not is_taken(error, connection.alias):
                raise
            if time.monotonic() > end:
                raise OperationalError(
                    "joeflow's tables are in use all the time, most likely by a task that runs for "
                    "long. Nothing is lost: run migrate again when it has ended."
                ) from error
            time.sleep(PAUSE)


@contextmanager
def lock_timeout(connection: Any) -> Iterator[None]:
    """Let no statement wait for a lock for longer than `LOCK_TIMEOUT`."""
    begin, end = _WITH_LOCK_TIMEOUT[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute(end)


def _whole(connection: Any) -> AbstractContextManager[Any]:
    """Let a change happen completely or not at all, where the database can do that."""
    if connection.features.can_rollback_ddl:
        whole: AbstractContextManager[Any] = transaction.atomic(using=connection.alias)
        return whole
    return nullcontext()


def _concurrently(schema_editor: BaseDatabaseSchemaEditor) -> dict[str, bool]:
    """Return the option that lets PostgreSQL build or drop an index beside those who write."""
    connection = schema_editor.connection
    can = connection.vendor == "postgresql" and not connection.in_atomic_block
    return {"concurrently": True} if can else {}


def _constraints(schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> Any:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)


def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)


def _add_table(
    schema_editor: BaseDatabaseSchemaEditor, table: type[models.Model], forwards: Callable[[], None]
) -> None:
    """Create a table together with its references to others.

    Args:
        schema_editor: Of the database.
        table: The model of the table.
        forwards: Does what Django would do; it leaves the references to the end of the migration.
    """
    connection = schema_editor.connection

    def make() -> None:
        if table._meta.db_table in connection.introspection.table_names():
            if _is_whole(connection, table):
                return
            # An attempt that was interrupted has left it, where a database cannot take that back.
            schema_editor.delete_model(table)
        later: list[Any] = schema_editor.deferred_sql
        try:
            with _whole(connection):
                forwards()
                for statement in later:
                    schema_editor.execute(statement)
        finally:
            later.clear()

    change(schema_editor, make)


def _is_whole(connection: Any, table: type[models.Model]) -> bool:
    """Tell whether a table that is there is to stay: it was made whole, or somebody uses it."""
    if connection.features.can_rollback_ddl:
        return True
    return bool(table._base_manager.using(connection.alias).exists())


class _Online(Operation):
    """An operation that finds out what is already done, and does the rest beside others."""

    model_name: str

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Do what is not done yet."""
        model = to_state.apps.get_model(app_label, self.model_name)
        states = (app_label, schema_editor, from_state, to_state)
        if schema_editor.collect_sql:  # sqlmigrate: whatever is in this database, if it is there
            super().database_forwards(*states)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            self.make(schema_editor, model, partial(super().database_forwards, *states))

    @abstractmethod
    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Do it.

        Args:
            schema_editor: Of the database.
            model: The model as it is afterwards.
            forwards: Does what Django would do.
        """


class AddColumn(_Online, migrations.AddField):
    """Add a field without an index, which is empty or has a default of the database."""

    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Add the column, unless it is there."""
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            table = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if _column(model, self.name) not in {column.name for column in table}:
            change(schema_editor, forwards)


class AddManyToMany(_Online, migrations.AddField):
    """Add a field that has a table of its own."""

    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Create the table."""
        field: Any = model._meta.get_field(self.name)
        _add_table(schema_editor, field.remote_field.through, forwards)


class AddTable(_Online, migrations.CreateModel):
    """Create a model whose rows refer to tables that others use."""

    @property
    def model_name(self) -> str:  # type: ignore[override]
        """Name of the model."""
        return self.name

    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Create the table."""
        _add_table(schema_editor, model, forwards)


class AddIndex(_Online, migrations.AddIndex):
    """Build an index."""

    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Build the index, unless it is there; beside others, it is built anew."""
        is_there = self.index.name in _constraints(schema_editor, model)
        options: Any = _concurrently(schema_editor)
        if options:
            if is_there:  # PostgreSQL keeps what it could not finish, and does not use it
                schema_editor.remove_index(model, self.index, **options)
            schema_editor.add_index(model, self.index, **options)
        elif not is_there:
            change(schema_editor, forwards)


class DropIndexes(_Online, migrations.AlterField):
    """Take the index from a field, and change nothing else in the table."""

    def make(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        model: type[models.Model],
        forwards: Callable[[], None],
    ) -> None:
        """Drop the indexes of this column alone, whatever their names."""
        options: Any = _concurrently(schema_editor)
        for name, constraint in _constraints(schema_editor, model).items():
            if constraint["columns"] != [_column(model, self.name)]:
                continue
            if not constraint["index"] or constraint["foreign_key"]:
                continue
            index = models.Index(fields=[self.name], name=name)
            if options:
                schema_editor.remove_index(model, index, **options)
            else:
                change(schema_editor, partial(schema_editor.remove_index, model, index))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build the index again."""
        states = (app_label, schema_editor, from_state, to_state)
        with _whole(schema_editor.connection):
            migrations.AlterField.database_forwards(self, *states)
