"""Answer a person, also where somebody else has the instance or the database's locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from joeflow.exceptions import InstanceLocked
from joeflow.locks import taken_as_instance_locked

__all__ = ("act_or_give_up",)

Result = TypeVar("Result")


def act_or_give_up(
    using: str,
    lock: Callable[[], AbstractContextManager[Any]],
    act: Callable[[], Result],
    give_up: Callable[[], Result],
) -> Result:
    """Do what a person asked for, or say that somebody else is in the way.

    Args:
        using: Alias of the database.
        lock: Opens the transaction in which to act; an instance may be locked by it, or later.
        act: Does it. A deadlock with something else that it writes is in the way, too.
        give_up: Is called where nothing was done, and may read.

    Returns:
        What the one or the other has returned.

    Raises:
        InstanceLocked: It was done, and then somebody's commit hook came upon an instance.
    """
    connection = connections[using]
    committed: list[bool] = []
    try:
        with taken_as_instance_locked(using), lock():
            if connection.in_atomic_block:
                transaction.on_commit(lambda: committed.append(True), using=using)
            return act()
    except InstanceLocked:
        if committed:
            raise
    with _usable(connection):
        return give_up()


@contextmanager
def _usable(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let somebody read in an open transaction, even if a deadlock has ended it.

    MariaDB rolls back all of it, also what was before the savepoint; Django then allows nothing.
    """
    is_lost = connection.in_atomic_block and connection.needs_rollback
    if is_lost:
        connection.set_rollback(False)
    try:
        yield
    finally:
        if is_lost:
            connection.set_rollback(True)
