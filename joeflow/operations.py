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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from django.db import OperationalError, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from joeflow.exceptions import InstanceLocked
from joeflow.locks import taken_as_instance_locked

__all__ = ("AddColumn", "AddIndex", "DropIndexes")

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
    if schema_editor.collect_sql or connection.vendor not in _WITH_LOCK_TIMEOUT:
        with _whole(connection):
            make()
        return
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with taken_as_instance_locked(connection.alias), lock_timeout(connection):
                make()
            return
        except InstanceLocked as error:
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


class AddColumn(migrations.AddField):
    """Add a field without an index, which is empty or has a default of the database."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Add the column, unless it is there."""
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(connection.alias, model):
            return
        with connection.cursor() as cursor:
            table = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if model._meta.get_field(self.name).column not in {column.name for column in table}:
            forwards = super().database_forwards
            change(schema_editor, partial(forwards, app_label, schema_editor, from_state, to_state))


class AddIndex(migrations.AddIndex):
    """Build an index."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build the index, unless it is there and whole."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        is_there = self.index.name in _constraints(schema_editor, model)
        options: Any = _concurrently(schema_editor)
        if options:
            if is_there:  # PostgreSQL keeps what it could not finish
                schema_editor.remove_index(model, self.index, **options)
            schema_editor.add_index(model, self.index, **options)
        elif not is_there:
            change(schema_editor, partial(schema_editor.add_index, model, self.index))


class DropIndexes(migrations.AlterField):
    """Take the index from a field, and change nothing else in the table."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the indexes of this column alone, whatever their names."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        options: Any = _concurrently(schema_editor)
        for name, constraint in _constraints(schema_editor, model).items():
            if constraint["columns"] != [model._meta.get_field(self.name).column]:
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
        with _whole(schema_editor.connection):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
