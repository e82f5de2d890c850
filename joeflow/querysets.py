"""What can be asked of and done to many tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import models, router, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from joeflow.access import is_claimable_by, is_given_to, is_known
from joeflow.clock import DatabaseNow
from joeflow.content_types import content_type_of
from joeflow.deadlines import cancel_escalations
from joeflow.diagrams.description import OVERRIDE, TaskRow
from joeflow.dispatch import Delivery, hand_out
from joeflow.exceptions import InstanceLocked
from joeflow.locks import taken_as_instance_locked
from joeflow.recipients import is_unowned
from joeflow.transitions import transition
from joeflow.typing import HUMAN, MACHINE, User

__all__ = ("TasksQuerySet",)

#: A task that is lost again and again waits no longer than this many grace periods.
MOST_GRACE_PERIODS = 16
#: How often a deadlock is met before somebody is told of it.
MOST_DEADLOCKS = 5


class TasksQuerySet(models.QuerySet[Any]):
    """Tasks, asked for in the words of the domain."""

    def of(self, workflow: Any) -> TasksQuerySet:
        """Return the tasks of a workflow class, or of one instance.

        Args:
            workflow: The class, or the instance.
        """
        if isinstance(workflow, type):
            return self.filter(content_type=content_type_of(workflow, self.db))
        return self.filter(_workflow=workflow.pk)

    def scheduled(self) -> TasksQuerySet:
        """Return tasks that wait for a person or a worker."""
        return self.filter(status=self.model.SCHEDULED)

    def not_scheduled(self) -> TasksQuerySet:
        """Return all but the scheduled tasks."""
        return self.exclude(status=self.model.SCHEDULED)

    def succeeded(self) -> TasksQuerySet:
        """Return tasks that were completed."""
        return self.filter(status=self.model.SUCCEEDED)

    def not_succeeded(self) -> TasksQuerySet:
        """Return all but the succeeded tasks."""
        return self.exclude(status=self.model.SUCCEEDED)

    def failed(self) -> TasksQuerySet:
        """Return tasks that raised an exception and need somebody."""
        return self.filter(status=self.model.FAILED)

    def canceled(self) -> TasksQuerySet:
        """Return tasks that were canceled."""
        return self.filter(status=self.model.CANCELED)

    def open(self) -> TasksQuerySet:
        """Return tasks that are neither completed nor canceled."""
        return self.filter(completed__isnull=True)

    def scheduled_machine(self) -> TasksQuerySet:
        """Return open tasks that a worker will run, now or later."""
        return self.open().filter(status=self.model.SCHEDULED, type=MACHINE)

    def scheduled_machine_of_instance(self) -> TasksQuerySet:
        """Return those of `scheduled_machine()`, where these are the tasks of one instance.

        The index of all that is scheduled is kept out of this. A database that believes that this
        is little takes it, and goes through all of a backlog for the tasks of one instance.
        """
        rows: TasksQuerySet = self.open().alias(lower_status=Lower("status"))
        return rows.filter(lower_status=self.model.SCHEDULED, type=MACHINE)

    def due(self) -> TasksQuerySet:
        """Return scheduled machine tasks whose time has come, by the database's clock."""
        return self.scheduled_machine().filter(eta__lte=DatabaseNow())

    def not_paused(self) -> TasksQuerySet:
        """Return the tasks of instances that are not paused."""
        return self.filter(_workflow___paused__isnull=True)

    def lost(self, grace_period: timedelta) -> TasksQuerySet:
        """Return due tasks that were not handed out, or so long ago that they count as lost.

        Args:
            grace_period: How long a task may be handed out without a result the first time;
                the time doubles with each attempt, up to 16 grace periods.
        """
        lost = Q(attempts=0)
        attempts, periods = 1, 1
        while periods < MOST_GRACE_PERIODS:
            lost |= Q(attempts=attempts, eta__lt=DatabaseNow(-periods * grace_period))
            attempts, periods = attempts + 1, 2 * periods
        longest = DatabaseNow(-MOST_GRACE_PERIODS * grace_period)
        return self.due().filter(lost | Q(attempts__gte=attempts, eta__lt=longest))

    def inbox(self, user: Any) -> TasksQuerySet:
        """Return the tasks that wait for somebody: given to this person, or free to be taken.

        Args:
            user: Who is logged in.
        """
        return self._for_people(user, lambda: self._is_for(user))

    def queue(self, user: Any) -> TasksQuerySet:
        """Return the tasks that nobody has, and that this person may take.

        Args:
            user: Who is logged in.
        """
        return self._for_people(user, lambda: self._is_claimable(user))

    def assigned_to(self, user: Any) -> TasksQuerySet:
        """Return the tasks that wait for this person, alone or beside others.

        Args:
            user: Who is logged in.
        """
        return self._for_people(user, lambda: self._is_own(user))

    def snoozed(self, user: Any) -> TasksQuerySet:
        """Return the tasks that would be in this person's inbox if nobody had put them off.

        Args:
            user: Who is logged in.
        """
        return self._for_people(user, lambda: self._is_for(user), are_put_off=True)

    def done_by(self, user: Any) -> TasksQuerySet:
        """Return the tasks that this person has completed, starts among them.

        Args:
            user: Who is logged in.
        """
        if user is None or not user.is_authenticated:
            return self.none()
        done = self.succeeded().filter(type=HUMAN, completed_by_user=user.pk)
        return done.exclude(name=OVERRIDE)

    def unowned(self) -> TasksQuerySet:
        """Return the tasks that were given to people who are all gone or not active any more.

        They are in nobody's inbox: somebody with ``joeflow.reassign`` has to hand them over.
        """
        return self._open_of_people().filter(is_unowned(self.model))

    def overdue(self) -> TasksQuerySet:
        """Return the open tasks of people that should have been done, by the database's clock."""
        return self._open_of_people().filter(due__lt=DatabaseNow())

    def _open_of_people(self) -> TasksQuerySet:
        # The statuses are those of all open tasks; with them the index of what is due is of use.
        statuses = [self.model.SCHEDULED, self.model.FAILED]
        return self.open().filter(status__in=statuses, type=HUMAN)

    def _for_people(
        self, user: Any, condition: Callable[[], Q], *, are_put_off: bool = False
    ) -> TasksQuerySet:
        if not is_known(user):
            return self.none()
        is_put_off = Q(snoozed_until__isnull=False, snoozed_until__gt=DatabaseNow())
        waiting = self._open_of_people().filter(is_put_off if are_put_off else ~is_put_off)
        return waiting.filter(condition())

    def _is_for(self, user: Any) -> Q:
        return self._is_own(user) | self._is_claimable(user)

    def _is_own(self, user: Any) -> Q:
        return is_given_to(self.model, user)

    def _is_claimable(self, user: Any) -> Q:
        return is_claimable_by(self.model, user, self.db)

    def mark_handed_out(self) -> int:
        """Count one more attempt from now on."""
        return self.update(attempts=F("attempts") + 1, eta=DatabaseNow(), modified=DatabaseNow())

    def cancel(self, user: User | None = None) -> int:
        """Cancel the open ones among these tasks, instance by instance, a transaction each.

        Args:
            user: Who does it; shown with the task.

        Returns:
            How many tasks were canceled; closed ones are left as they are.

        Raises:
            InstanceLocked: An instance was busy for longer than ``JOEFLOW_LOCK_TIMEOUT``; the
                tasks of the instances before it are canceled.
        """
        tasks = self.using(router.db_for_write(self.model)).open().order_by()
        canceled = 0
        for workflow_pk in sorted(set(tasks.values_list("_workflow_id", flat=True))):
            with transition(self.model, workflow_pk) as current:
                # Asked under the lock: a node that ran until now has opened other tasks.
                pks = tasks.filter(_workflow_id=workflow_pk).values_list("pk", flat=True)
                keys = list(pks)
                canceled += current.cancel(keys, user)
                cancel_escalations(current, keys, user)
        return canceled

    def wake(self) -> int:
        """Make the waiting ones among these machine tasks due at once.

        No lock is taken: a run that answers "not yet" at this moment puts off only what it has
        read, so that it is asked again. That is why tasks that are due are woken, too.

        Returns:
            How many tasks were waiting, or are being asked at the moment.
        """
        using = router.db_for_write(self.model)
        waiting = self.using(using).scheduled_machine().filter(eta__isnull=False)
        keys = list(waiting.order_by("eta").values_list("pk", "_workflow_id"))
        woken = waiting.filter(pk__in=[pk for pk, _ in keys])._make_due(using)
        deliveries = [Delivery(pk, workflow_pk) for pk, workflow_pk in keys]
        transaction.on_commit(lambda: hand_out(deliveries), using=using)
        return woken

    def _make_due(self, using: str) -> int:
        # Without the lock of the instance, a node that ends several tasks can be in the way.
        repeats = 0 if transaction.get_connection(using).in_atomic_block else MOST_DEADLOCKS
        while True:
            try:
                with taken_as_instance_locked(using), transaction.atomic(using=using):
                    return self.update(eta=DatabaseNow(), attempts=1, modified=DatabaseNow())
            except InstanceLocked:
                if not repeats:
                    raise
                repeats -= 1

    def diagram_rows(self) -> list[TaskRow]:
        """Return what a diagram shows of these tasks."""
        return [
            TaskRow(
                pk=task.pk,
                name=task.name,
                type=task.type,
                completed=task.completed is not None,
                href=task.get_absolute_url(),
            )
            for task in self.defer("exception", "stacktrace", "before")
        ]

    def diagram_links(self) -> list[tuple[int, int]]:
        """Return the keys of parent and child for each link of these tasks to their parents."""
        links = self.model.parent_task_set.through._default_manager.using(self.db)
        of_these = links.filter(from_task_id__in=self.order_by().values("pk"))
        return list(of_these.values_list("to_task_id", "from_task_id"))
