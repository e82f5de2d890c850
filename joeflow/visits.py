"""Run what is due in an instance: a worker's stay with it, from a message to the next."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from django.db import Error, InterfaceError, OperationalError, connections

from joeflow.conf import settings
from joeflow.content_types import workflow_class
from joeflow.dispatch import Delivery, hand_out, mark_as_node_error
from joeflow.exceptions import InstanceLocked, UnknownWorkflow
from joeflow.models import Task
from joeflow.statements import DUE, NAMED, NEXT_DUE
from joeflow.steps import Step, record_failure

__all__ = ("ComeBack", "Visit")

logger = logging.getLogger("joeflow")


@dataclass(frozen=True)
class ComeBack:
    """The message must be sent again, with these counts.

    Args:
        delay: Seconds until then.
        bounces: How often the instance was found locked.
        errors: How often the database failed.
    """

    delay: float
    bounces: int = 0
    errors: int = 0


class Visit:
    """A worker's stay with one instance.

    Args:
        task_pk: Key of the task that the message names.
        workflow_pk: Key of its instance.
        using: Alias of the database.
        redelivered: A worker had the message before and never came back.
        failures: What counts as a failure of the node when it is raised.
    """

    def __init__(
        self,
        task_pk: int,
        workflow_pk: int,
        using: str,
        redelivered: bool,
        failures: tuple[type[BaseException], ...],
    ) -> None:
        """Take nothing yet."""
        self.task_pk = task_pk
        self.workflow_pk = workflow_pk
        self.using = using
        self.redelivered = redelivered
        self.failures = failures
        self.step: Step | None = None
        self.has_begun = False

    def work(self, seconds: float) -> ComeBack | None:
        """Run the task that the message names, and what is due beside and after it.

        Args:
            seconds: How long to go on; what is due then is handed out.

        Returns:
            None where the message is done, else how it must be sent again.

        Raises:
            InstanceLocked: Somebody else works on the instance.
            BaseException: What a node raised, after the failure was recorded.
        """
        until = time.monotonic() + seconds
        keys = {"pk": self.task_pk, "workflow_pk": self.workflow_pk}
        tasks = NAMED.read(self.using, Task, **keys)
        if not tasks:
            logger.info("event=dropped task=%s reason=gone", self.task_pk)
            return None
        model = workflow_class(tasks[0].content_type_id, self.using)
        if model is None:
            self._leave_to_others()
            return None
        self.step = step = Step(model, self.workflow_pk, self.using, self.task_pk, self.redelivered)
        while self._take(step) or self._became_due_meanwhile(step):
            if time.monotonic() >= until and not step.again:
                self._hand_out_next()
                break
        delay = step.seconds_too_early()
        return ComeBack(delay) if delay is not None else None

    def _leave_to_others(self) -> None:
        """Drop a task of a class that is not here; fail it where nobody else has it for long.

        A worker of the release before can be given the tasks of a new class: sweeps hand them out
        again, until a worker that knows the class has come.
        """
        task = Task.objects.using(self.using).scheduled_machine().filter(pk=self.task_pk).first()
        logger.warning("event=dropped task=%s reason=unknown_class", self.task_pk)
        if task is not None and task.attempts > settings.JOEFLOW_MAX_STARTS:
            kind = task.content_type
            reason = UnknownWorkflow(
                f"Task {task} is of {kind.app_label}.{kind.model}, a workflow class that no worker "
                f"knows. Bring it back and rerun the task, or cancel the task."
            )
            record_failure(task, self.using, reason)

    def _take(self, step: Step) -> bool:
        try:
            more = step.take()
            self.has_begun = True
            return more
        except Exception as error:
            if step.committed:  # what raised was somebody's commit hook
                logger.exception("event=hook_failed workflow_pk=%s", self.workflow_pk)
                return step.more
            if isinstance(error, (InstanceLocked, OperationalError, InterfaceError)):
                raise
            self.fail_and_raise(error)
        except self.failures as error:  # those that are no Exception, like a runner's time limit
            self.fail_and_raise(error)

    def _became_due_meanwhile(self, step: Step) -> bool:
        """Tell whether something became due while the node ran, and its message found the lock."""
        if step.task is None or step.current is None or step.current.has_ended:
            return False
        return bool(self._due())

    @property
    def is_covered(self) -> bool:
        """Whether whoever runs an older due task of the busy instance goes on with this one.

        A hundred messages that come back to one busy instance keep all workers from their work.
        One that has begun to work there comes back; if it is lost, the recovery finds the tasks.
        """
        keys = {"workflow_pk": self.workflow_pk, "task_pk": self.task_pk}
        with suppress(Error):
            if self.step is not None and not self.has_begun:
                due = DUE.read(self.using, self.step.model, **keys)
                return len(due) == 2 and due[0].pk == self.task_pk and _turn(due[1]) < _turn(due[0])
        return False

    def note_database_error(self, error: Exception, count: int) -> None:
        """Log a database error, and leave no broken connection to whoever comes next."""
        connection = connections[self.using]
        if not connection.in_atomic_block:  # as in somebody's TestCase
            connection.close_if_unusable_or_obsolete()
        message = "event=database_error task=%s errors=%s error=%s"
        logger.warning(message, self.task_pk, count, error)

    def fail_and_raise(self, error: BaseException) -> NoReturn:
        """Record what a node raised, hand out what else is due, and raise it on."""
        self._fail(error)
        self._hand_out_next()
        delay = self.step.seconds_too_early() if self.step is not None else None
        if delay is not None:
            hand_out([Delivery(self.task_pk, self.workflow_pk, countdown=delay)])
        raise error

    def _fail(self, error: BaseException) -> None:
        """Record what a node raised, and mark it with the task's key."""
        mark_as_node_error(error)
        if self.step is not None and self.step.task is not None:
            error.add_note(
                f"joeflow: task {self.step.task} of workflow instance {self.workflow_pk}"
            )
            self.step.record_failure(error)

    def _due(self) -> list[Any]:
        if self.step is None:  # it came to nothing, so that nothing is known of the class
            return []
        return NEXT_DUE.read(self.using, self.step.model, workflow_pk=self.workflow_pk)

    def _hand_out_next(self) -> None:
        """Hand out the oldest due task; whoever runs it goes on with the others."""
        hand_out([Delivery(task.pk, self.workflow_pk) for task in self._due()])


def _turn(task: Any) -> tuple[bool, Any, int]:
    """Return by what due tasks are ordered; those of older versions have no eta, and come first."""
    return task.eta is not None, task.eta, task.pk
