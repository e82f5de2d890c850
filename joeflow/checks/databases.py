"""Checks of the database: the promises of a transition hold only under these settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from joeflow.models import Task
from joeflow.workflows import Workflow, get_workflows

__all__ = ("check_databases", "check_deployment", "check_servers")

#: What a server says of itself: its isolation level, and whether it can only be read.
_STATE = {
    "postgresql": (
        "SELECT current_setting('default_transaction_isolation'), "
        "pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
    ),
    "mysql": "SELECT @@SESSION.tx_isolation, @@GLOBAL.read_only",
}


def check_databases(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings of the database that tasks are written to, without asking it.

    Args:
        app_configs: Not used: all workflows share the database of the tasks.
        kwargs: What Django passes besides.
    """
    using = router.db_for_write(Task)
    return [*_check_one_database(using), *_check_transactions(using), *_check_sqlite(using)]


def check_servers(
    app_configs: Any = None, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask the database that tasks are written to, what its settings in Django do not tell.

    Django calls this for ``migrate`` and ``check --database``.

    Args:
        app_configs: Not used: all workflows share the database of the tasks.
        databases: Aliases of those that may be asked.
        kwargs: What Django passes besides.
    """
    using = router.db_for_write(Task)
    connection = connections[using]
    if using not in (databases or ()) or connection.vendor not in _STATE:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_STATE[connection.vendor])
        level, is_read_only = cursor.fetchone()
    messages: list[CheckMessage] = []
    # Where the options name a level, Django asks for it, and check_databases looks at it.
    is_chosen = "isolation_level" in connection.settings_dict["OPTIONS"]
    if not is_chosen and level.replace("-", " ").lower() != "read committed":
        messages.append(_wrong_level(using, level))
    if is_read_only:
        messages.append(
            Error(
                f"The server of the database {using!r} can only be read.",
                hint="Let the router send all of joeflow's tables to the primary.",
                id="joeflow.E024",
            )
        )
    return messages


def check_deployment(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn where PostgreSQL plans the same statements again and again.

    Args:
        app_configs: Not used: all workflows share the database of the tasks.
        kwargs: What Django passes besides.
    """
    using = router.db_for_write(Task)
    connection = connections[using]
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor != "postgresql" or not _has_psycopg_3() or _is_decided(options):
        return []
    return [
        Warning(
            f"PostgreSQL plans each statement of the database {using!r} anew, which takes a third "
            f"of what a transition costs there.",
            hint='Set OPTIONS = {"server_side_binding": True, "prepare_threshold": 5}; or '
            '"prepare_threshold": None behind a PgBouncer older than 1.21 that pools transactions.',
            id="joeflow.W028",
        )
    ]


def _is_decided(options: dict[str, Any]) -> bool:
    """Tell whether statements are prepared, or somebody has said that they shall not."""
    threshold = options.get("prepare_threshold", 0)
    # Without binding on the server, the values are in the text, which is another one each time.
    return threshold is None or ("prepare_threshold" in options and _binds_on_server(options))


def _binds_on_server(options: dict[str, Any]) -> bool:
    return options.get("server_side_binding") is True


def _has_psycopg_3() -> bool:
    from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415 - needs it

    return bool(is_psycopg3)


def _wrong_level(using: str, level: str) -> Error:
    return Error(
        f"The database {using!r} has the isolation level {level!r}, under which a transition "
        f"can read the past.",
        hint='Set OPTIONS["isolation_level"] to READ COMMITTED.',
        id="joeflow.E013",
    )


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
        yield _wrong_level(using, level)


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
    if connection.settings_dict["ATOMIC_REQUESTS"]:
        yield Warning(
            f"The SQLite database {using!r} is locked by each request, as ATOMIC_REQUESTS is on: "
            f"whoever only looks waits for whoever writes, and gets an error after the timeout.",
            hint="Turn ATOMIC_REQUESTS off; joeflow's forms are one transaction anyway.",
            id="joeflow.W026",
        )
