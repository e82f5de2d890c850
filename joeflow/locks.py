"""Lock a workflow instance, by its key and database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Manager, Model, QuerySet

from joeflow.conf import settings
from joeflow.exceptions import InstanceLocked
from joeflow.prepared import Parameter, Select, Update

__all__ = (
    "cancel_statement",
    "hold_new",
    "holds_lock",
    "is_lock_not_available",
    "is_taken",
    "load_locked",
    "lock_instance",
    "lock_unlocked",
    "taken_as_instance_locked",
)

#: Lock not available, as PostgreSQL (SQLSTATE) and MariaDB (1205; MySQL 8: 3572, too) say it.
_NOT_AVAILABLE: dict[str, set[Any]] = {"postgresql": {"55P03"}, "mysql": {1205, 3572}}
#: Besides: deadlock detected, serialization failure.
_TAKEN: dict[str, set[Any]] = {
    "postgresql": {"55P03", "40P01", "40001"},
    "mysql": {1205, 3572, 1213},
}
#: How to read and write the time that a statement waits for a lock.
_LOCK_TIMEOUT = {
    "postgresql": (
        "SELECT current_setting('lock_timeout')",
        "SELECT set_config('lock_timeout', %s, true)",
    ),
    "mysql": (
        "SELECT @@SESSION.innodb_lock_wait_timeout",
        "SET SESSION innodb_lock_wait_timeout = %s",
    ),
}


def lock_instance(workflow_pk: int, using: str, *, wait: bool) -> bool:
    """Lock the base row of an instance until the transaction ends.

    Args:
        workflow_pk: Key of the instance.
        using: Alias of the database.
        wait: Wait for it, up to ``JOEFLOW_LOCK_TIMEOUT``. A transaction that already holds an
            instance never waits for a second one, since the two could wait for each other.

    Returns:
        False where there is no such instance.

    Raises:
        InstanceLocked: Somebody else holds it.
    """
    connection = connections[using]
    if holds_lock(workflow_pk, using):
        return True
    rows = _base_rows(using).filter(pk=workflow_pk)
    if not connection.features.has_select_for_update:
        with taken_as_instance_locked(using):
            found = bool(_TOUCH.send(using, rows.model, pk=workflow_pk))
    else:
        found = _select_row(rows, connection, wait=wait and not holds_lock(None, using))
    if found:
        transaction.on_commit(_Held(workflow_pk), using=using)
    return found


def load_locked(rows: QuerySet[Any], workflow_pk: int) -> Any:
    """Lock an instance without waiting and load its state, in one statement where possible.

    Only the rows that the statement locks are returned by it: a joined row that is not locked
    would show the past.

    Args:
        rows: All rows of the instance's class, in the database to use, joined with nothing else.
        workflow_pk: Key of the instance.

    Returns:
        The instance, or None where it is gone.

    Raises:
        InstanceLocked: Somebody else holds it.
    """
    connection = connections[rows.db]
    if not connection.features.has_select_for_update:
        lock_instance(workflow_pk, rows.db, wait=False)
    with taken_as_instance_locked(rows.db):
        if _is_plain(rows):
            found = _LOCKED.read(rows.db, rows.model, pk=workflow_pk)
        else:
            found = list(_lock_rows(rows, connection).filter(pk=workflow_pk))
    if not found:
        return None
    transaction.on_commit(_Held(workflow_pk), using=rows.db)
    return found[0]


def _lock_rows(rows: QuerySet[Any], connection: BaseDatabaseWrapper) -> QuerySet[Any]:
    if not connection.features.has_select_for_update:
        return rows.order_by()  # they are locked already
    return for_update(rows, connection, nowait=True)


def _is_plain(rows: QuerySet[Any]) -> bool:
    """Tell whether the rows are all rows of the class, whoever asks, and come as they are."""
    return type(rows) is QuerySet and type(rows.model._base_manager) is Manager


def _write_locked(using: str, model: Any) -> QuerySet[Any]:
    rows = model._base_manager.using(using).filter(pk=Parameter("pk"))
    return _lock_rows(rows, connections[using])


def _write_touch(using: str, model: Any) -> tuple[QuerySet[Any], dict[str, Any]]:
    rows = model._base_manager.using(using).filter(pk=Parameter("pk"))
    return rows, {"modified": F("modified")}


_LOCKED = Select(_write_locked)
_TOUCH = Update(_write_touch)


def hold_new(workflow_pk: int, using: str) -> None:
    """Count an instance as locked that this transaction has created: nobody else can see it."""
    transaction.on_commit(_Held(workflow_pk), using=using)


def lock_unlocked(workflow_pks: set[int], using: str) -> set[int]:
    """Lock those of the instances that nobody works on, and return their keys."""
    connection = connections[using]
    rows = _base_rows(using).filter(pk__in=workflow_pks)
    if not connection.features.has_select_for_update:
        rows.filter(pk=min(workflow_pks)).update(modified=F("modified"))
    else:
        rows = for_update(rows, connection, skip_locked=True)
    return set(rows.values_list("pk", flat=True))


def for_update(
    rows: QuerySet[Any],
    connection: BaseDatabaseWrapper,
    *,
    nowait: bool = False,
    skip_locked: bool = False,
) -> QuerySet[Any]:
    """Return the rows locked against other transitions, but not against references to them."""
    no_key = connection.features.has_select_for_no_key_update
    return rows.order_by().select_for_update(no_key=no_key, nowait=nowait, skip_locked=skip_locked)


def holds_lock(workflow_pk: int | None, using: str) -> bool:
    """Tell whether the current transaction has locked this instance (None: any instance)."""
    held = (hook[1] for hook in connections[using].run_on_commit)
    return any(isinstance(hook, _Held) and workflow_pk in (None, hook.workflow_pk) for hook in held)


class _Held:
    """Remembers a lock among the commit hooks: they go when the transaction or savepoint goes."""

    def __init__(self, workflow_pk: int) -> None:
        self.workflow_pk = workflow_pk

    def __call__(self) -> None:
        """Do nothing: the commit has given the lock back."""


def _base_rows(using: str) -> QuerySet[Model]:
    return apps.get_model("joeflow", "Workflow")._base_manager.using(using)


def _select_row(rows: QuerySet[Any], connection: BaseDatabaseWrapper, *, wait: bool) -> bool:
    keys = rows.values_list("pk", flat=True)
    using = connection.alias
    try:
        # In a savepoint of its own, so that a page can still be rendered when the lock is taken.
        with taken_as_instance_locked(using), transaction.atomic(using=using):
            return bool(for_update(keys, connection, nowait=True))
    except InstanceLocked:
        if not wait or settings.JOEFLOW_LOCK_TIMEOUT <= 0:
            raise
    with (
        taken_as_instance_locked(using),
        transaction.atomic(using=using),
        _lock_timeout(connection, settings.JOEFLOW_LOCK_TIMEOUT),
    ):
        return bool(for_update(keys, connection))


@contextmanager
def _lock_timeout(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    read, write = _LOCK_TIMEOUT[connection.vendor]
    value: Any = f"{max(1, round(seconds * 1000))}ms"  # 0 would be for ever
    if connection.vendor == "mysql":
        value = max(1, round(seconds))  # whole seconds
    with connection.cursor() as cursor:
        cursor.execute(read)
        before = cursor.fetchone()[0]
        cursor.execute(write, [value])
        try:
            yield
        finally:
            # A failed statement has ended PostgreSQL's savepoint, and the setting with it.
            if connection.vendor == "mysql" or not connection.needs_rollback:
                _restore(cursor, write, before)


def _restore(cursor: Any, write: str, before: Any) -> None:
    try:
        cursor.execute(write, [before])
    except DatabaseError:
        return  # the transaction is broken; its rollback restores the setting


def cancel_statement(connection: BaseDatabaseWrapper) -> None:
    """End a statement that somebody has interrupted, as a time limit does.

    The server would go on with it, and keep the locks. Only PostgreSQL's driver can do this.
    """
    driver = connection.connection
    if connection.vendor == "postgresql" and hasattr(driver, "cancel"):
        driver.cancel()


@contextmanager
def taken_as_instance_locked(using: str) -> Iterator[None]:
    """Raise `InstanceLocked` where the database says that somebody else has the lock."""
    try:
        yield
    except DatabaseError as error:
        if is_taken(error, using):
            raise InstanceLocked from error
        raise


def is_taken(error: DatabaseError, using: str) -> bool:
    """Tell whether a database says that somebody else has what a statement wanted to lock."""
    vendor = connections[using].vendor
    if vendor in _TAKEN:
        return _code(error, vendor) in _TAKEN[vendor]
    return "is locked" in str(error)


def is_lock_not_available(error: DatabaseError, using: str) -> bool:
    """Tell whether a statement was refused as somebody else has a lock; the transaction goes on."""
    vendor = connections[using].vendor
    return _code(error, vendor) in _NOT_AVAILABLE.get(vendor, set())


def _code(error: DatabaseError, vendor: str) -> Any:
    if vendor == "postgresql":
        cause = error.__cause__
        return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return error.args[0] if error.args else None
