"""Checks of the database: the promises of a transition hold only under these settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from joeflow.models import Task
from joeflow.workflows import Workflow, get_workflows

__all__ = ("check_databases",)


def check_databases(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings of the database that tasks are written to, without asking it.

    Args:
        app_configs: Not used: all workflows share the database of the tasks.
        kwargs: What Django passes besides.
    """
    using = router.db_for_write(Task)
    return [*_check_one_database(using), *_check_transactions(using), *_check_sqlite(using)]


def _check_one_database(using: str) -> Iterator[CheckMessage]:
    workflows: list[type[Workflow]] = [Workflow, *get_workflows()]
    for workflow in workflows:
        other = router.db_for_write(workflow)
        if other != using:
            yield Error(
                f"{workflow._meta.label} is written to the database {other!r}, but joeflow's tasks "
                f"to {using!r}.",
                hint="A transition is one transaction: let the router give both the same database.",
                obj=workflow,
                id="joeflow.E011",
            )


def _check_transactions(using: str) -> Iterator[CheckMessage]:
    connection = connections[using]
    if not connection.settings_dict["AUTOCOMMIT"]:
        yield Error(
            f"The database {using!r} has AUTOCOMMIT off.",
            hint="Leave AUTOCOMMIT on; joeflow opens and commits each transaction itself.",
            id="joeflow.E012",
        )
    if not _reads_committed(connection):
        level = connection.settings_dict["OPTIONS"]["isolation_level"]
        yield Error(
            f"The database {using!r} has the isolation level {level!r}, under which a transition "
            f"can read the past.",
            hint='Set OPTIONS["isolation_level"] to READ COMMITTED, or leave it out.',
            id="joeflow.E013",
        )


def _reads_committed(connection: Any) -> bool:
    options = connection.settings_dict["OPTIONS"]
    if "isolation_level" not in options:
        return True  # Django's own default
    level = options["isolation_level"]
    if connection.vendor == "mysql":
        return str(level).lower() == "read committed"
    if connection.vendor == "postgresql":
        return str(getattr(level, "name", level)).upper() in {"READ_COMMITTED", "1", "NONE"}
    return True


def _check_sqlite(using: str) -> Iterator[CheckMessage]:
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    options = connection.settings_dict["OPTIONS"]
    if str(options.get("transaction_mode", "")).upper() not in {"IMMEDIATE", "EXCLUSIVE"}:
        yield Warning(
            f"The SQLite database {using!r} begins transactions without a lock, so that two at a "
            f'time can end with "database is locked".',
            hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL"}.',
            id="joeflow.W014",
        )
