"""Start an instance, run what is due in it, send it elsewhere."""

from __future__ import annotations

import logging
import random
from typing import Any

from django.db import InterfaceError, OperationalError, router, transaction

from joeflow.conf import settings
from joeflow.contrib.reversion import create_revision
from joeflow.exceptions import InstanceChanged, InstanceLocked
from joeflow.locks import hold_new
from joeflow.models import Task
from joeflow.overriding import override
from joeflow.successors import create_successors, task_values
from joeflow.transitions import transition
from joeflow.typing import User
from joeflow.visits import ComeBack, Visit

__all__ = ("ComeBack", "InstanceChanged", "override", "run", "start_instance")

logger = logging.getLogger("joeflow")

#: After so many database errors in a row they count as the node's failure.
MOST_DATABASE_ERRORS = 10


def run(
    task_pk: int,
    workflow_pk: int,
    *,
    bounces: int = 0,
    errors: int = 0,
    redelivered: bool = False,
    stay: bool = True,
    failures: tuple[type[BaseException], ...] = (Exception,),
) -> ComeBack | None:
    """Run what is due in an instance: what a worker does with a message.

    A message is a hint: what runs is what the database says is due, the named task first.

    Args:
        task_pk: Key of the task that the message names.
        workflow_pk: Key of its instance.
        bounces: How often this message has found the instance locked.
        errors: How often this message has met a failing database.
        redelivered: The broker says that a worker had this message before and never came back.
        stay: Go on with the due tasks of the instance for ``JOEFLOW_STAY_SECONDS``.
        failures: What counts as a failure of the node when it is raised.

    Returns:
        None where the message is done, else how it must be sent again.

    Raises:
        BaseException: What the node raised, after the failure was recorded.
    """
    using = router.db_for_write(Task)
    visit = Visit(task_pk, workflow_pk, using, redelivered, failures)
    try:
        return visit.work(settings.JOEFLOW_STAY_SECONDS if stay else 0)
    except InstanceLocked:
        if visit.is_covered:
            logger.info("event=dropped task=%s reason=busy", task_pk)
            return None
        return ComeBack(_growing_delay(bounces), bounces=bounces + 1, errors=errors)
    except (OperationalError, InterfaceError) as error:
        visit.note_database_error(error, errors + 1)
        if errors + 1 < MOST_DATABASE_ERRORS:
            return ComeBack(_growing_delay(errors), bounces=bounces, errors=errors + 1)
        visit.fail_and_raise(error)


def _growing_delay(count: int) -> float:
    """Return 0.1 to 30 seconds, with jitter so that those who met do not meet again."""
    return float(min(30.0, 0.1 * 2 ** min(count, 10)) * random.uniform(0.5, 1.0))  # noqa: S311


def start_instance(workflow: Any, name: str, user: User | None = None) -> Any:
    """Save a new instance, complete its start task, and start what follows.

    Args:
        workflow: The unsaved instance.
        name: Name of the start node.
        user: Who starts it.

    Returns:
        The instance.
    """
    using = router.db_for_write(Task)
    with transaction.atomic(using=using), create_revision(name, user=user, using=using):
        workflow.save(using=using)
        complete_start(workflow, name, user)
    return workflow


def complete_start(workflow: Any, name: str, user: User | None = None) -> Task:
    """Complete the start task of an instance that this transaction has saved.

    Args:
        workflow: The instance.
        name: Name of the start node.
        user: Who starts it.

    Returns:
        The closed task.
    """
    using = router.db_for_write(Task)
    hold_new(workflow.pk, using)
    task = Task(**task_values(workflow, name, workflow.get_node(name).type))
    task._state.db = using
    with transition(Task, workflow.pk, using=using, lock=False) as current:
        current.was_open = True  # it is new
        task.finish(user)
        create_successors(current, workflow, [task], workflow._graph.successors(name))
    return task
