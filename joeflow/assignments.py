"""Whose a task is: taken, given back and handed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied

from joeflow.access import (
    REASSIGN,
    has_permission,
    has_permissions,
    is_for,
    is_known,
    is_member,
    may_complete,
    permissions_of,
    with_people,
)
from joeflow.events import Event
from joeflow.exceptions import (
    InvalidAssignees,
    JoeflowError,
    NodeNotFound,
    TaskClosed,
    TaskTaken,
)
from joeflow.recipients import mark_as_given, read_recipients
from joeflow.signals import task_assigned
from joeflow.transitions import Transition, transition
from joeflow.typing import HUMAN, Node, TaskColumns, User

__all__ = ("Shareable", "concerns", "may_receive", "returnable")

#: The events that change whose a task is.
_CHANGES = (Event.CLAIMED, Event.RELEASED, Event.ASSIGNED)


class Shareable(TaskColumns):
    """How people share out their tasks: a part of the model `Task`."""

    @property
    def recipients(self) -> list[Any]:
        """The users and groups that it is given to."""
        return [*self.assignees.all(), *self.assigned_groups.all()]

    def may_be_completed_by(self, user: User | None) -> bool:
        """Tell whether somebody may do this task, as far as joeflow knows.

        A view can have further rules of its own.

        Args:
            user: Who wants to; None and anonymous people have no permissions.

        Returns:
            False also where the task is closed, or its node is gone from the code.
        """
        task = self._with_people(self._state.db, user)
        if task is None or task.completed is not None or task.type != HUMAN:
            return False
        try:
            return may_complete(task, user, task.node)
        except NodeNotFound:
            return False

    def claim(self, user: Any, *, wait: bool = True) -> None:
        """Take the task, so that nobody else does it.

        It must be nobody's yet, or be given to this person beside others. Who has it already keeps
        it. What counts is ``permission_required`` and whom it was given to; a view's own rules are
        not asked.

        Args:
            user: Who takes it.
            wait: Wait for a busy instance, up to ``JOEFLOW_LOCK_TIMEOUT``.

        Raises:
            TaskTaken: Somebody else has it; the message says who.
            TaskClosed: It has been completed or canceled.
            PermissionDenied: This person could not take it anyway.
            InstanceLocked: The instance is busy.
        """
        with transition(type(self), self._workflow_id, wait=wait) as current:
            task = self._open_task(current, user)
            before = _assignees_of(task, current.using)
            if not is_for(task, user, task.node):
                names = _names(before) or "somebody who is gone"
                raise TaskTaken(f"Task {task} is taken by {names}.", before)
            if [each.pk for each in before] == [user.pk]:
                return
            task.assignees.set([user])
            _record(current, task, Event.CLAIMED, user, [user], before=before)

    def release(self, user: Any) -> None:
        """Give the task back: it is for those again that it was for before.

        Args:
            user: Who has it.

        Raises:
            TaskTaken: Somebody else has it; the message says who.
            TaskClosed: It has been completed or canceled.
            JoeflowError: It was given to this person alone; it can be handed over.
            PermissionDenied: This person could not take it anyway.
        """
        with transition(type(self), self._workflow_id) as current:
            task = self._open_task(current, user)
            before = _assignees_of(task, current.using)
            if not task.is_assignee:
                names = _names(before) or "nobody"
                message = f"Task {task} is not {user}'s to give back; it is {names}'s."
                raise TaskTaken(message, before)
            pool = _pool_of(task, current.using)
            others = [each for each in before if each.pk != user.pk]
            back = _users(pool, current.using) if pool is not None else others
            if task.is_given and not (back or task.has_groups):
                raise JoeflowError(
                    f"Task {task} was given to {user} alone; hand it over to somebody."
                )
            task.assignees.set(back)
            _record(current, task, Event.RELEASED, user, back, before=before)

    def assign(self, to: Any, by: Any = None) -> None:
        """Hand the task over.

        Whoever hands over a task must have it, or be one who could take it; and hand it to people
        who are in one of its groups, or if it has none, have the permissions that it requires.
        Whoever has the permission ``joeflow.reassign``, and code that names nobody, may hand any
        task to anybody.

        Args:
            to: A user, a group, several of them; None takes it from all that it was given to.
            by: Who does it.

        Raises:
            InvalidAssignees: It cannot be given to such a thing, or to somebody who is not active.
            TaskClosed: It has been completed or canceled.
            PermissionDenied: Whoever does it may not.
        """
        users, groups = read_recipients(to)
        is_boss = by is None or has_permission(by, REASSIGN)
        with transition(type(self), self._workflow_id) as current:
            task = self._open_task(current, None if is_boss else by, asks=not is_boss)
            if not is_boss:
                _refuse_stranger(task, by)
                _refuse_strange_recipients(task, users, groups, by, current.using)
            _refuse_inactive(task, users)
            before = _assignees_of(task, current.using)
            task.assignees.set(users)
            if groups or not users:
                task.assigned_groups.set(groups)
            if is_boss:
                mark_as_given(task, current.using, is_given=to is not None)
            to = [*(user for user in users if user not in [*before, by]), *groups]
            told = {"signal": task_assigned, "to": to} if to else {}
            _record(current, task, Event.ASSIGNED, by, [*users, *groups], before, **told)

    def _with_people(self, using: str | None, user: User | None) -> Any:
        rows = type(self)._default_manager.using(using)
        return with_people(rows.filter(pk=self.pk), user).order_by().first()

    def _open_task(self, current: Transition, user: Any, *, asks: bool = True) -> Any:
        """Return the task as it is now; of a closed one only those learn who could have taken it.

        Args:
            current: The open transition.
            user: Who wants to do something with it.
            asks: False where whoever wants that may do anything.
        """
        if self.type != HUMAN:
            raise JoeflowError(f"Task {self} is for a machine, and never somebody's.")
        task = self._with_people(current.using, user)
        if task is not None and asks and not concerns(task, user, task.node, current.using):
            raise PermissionDenied(f"{user} may not do task {task}.")
        if task is None or task.completed is not None:
            raise TaskClosed.for_task(self, task)
        return task


def concerns(task: Any, user: Any, node: Node, using: str) -> bool:
    """Tell whether a task is somebody's, or could be if nobody else had taken or done it.

    Args:
        task: The task, loaded by `with_people` for this person.
        user: Who wants to know of it.
        node: The node of the task.
        using: Alias of the database.
    """
    if not is_known(user):
        return False
    if task.is_assignee or is_for(task, user, node):
        return True
    if task.has_groups:
        return is_member(task, user, using)
    pool = _pool_of(task, using)
    if pool:
        return str(user.pk) in map(str, pool)
    # What was given to somebody else is no business of those for whom nothing speaks.
    return (not task.is_given or bool(permissions_of(node))) and has_permissions(user, node, task)


def returnable(tasks: Iterable[Any], user: Any) -> set[Any]:
    """Return the keys of those tasks that somebody has and can give back; takes one statement.

    Args:
        tasks: The tasks, with their assignees and groups.
        user: Who has them.
    """
    own = [task for task in tasks if is_known(user) and user in task.assignees.all()]
    alone = [task for task in own if task.is_given and len(task.recipients) == 1]
    found = {task.pk for task in own} - {task.pk for task in alone}
    if not alone:
        return found
    rows = Event._base_manager.using(alone[0]._state.db)
    rows = rows.filter(task__in=[task.pk for task in alone], kind__in=_CHANGES)
    # Of what was taken, others are left to whom it was given before.
    last = dict(rows.order_by("pk").values_list("task_id", "kind"))
    return found | {pk for pk, kind in last.items() if kind == Event.CLAIMED}


def _refuse_stranger(task: Any, user: Any) -> None:
    if not is_for(task, user, task.node):
        raise PermissionDenied(f"{user} may not hand over task {task}.")


def _refuse_strange_recipients(
    task: Any, users: list[Any], groups: list[Any], by: Any, using: str
) -> None:
    """Refuse those who could not have taken the task: else a permission could be handed on."""
    if groups or not users:
        raise PermissionDenied(f"{by} may hand task {task} over to a person alone.")
    for user in users:
        if not may_receive(task, user, using):
            raise PermissionDenied(f"{by} may not hand task {task} over to {user}.")


def may_receive(task: Any, user: Any, using: str) -> bool:
    """Tell whether a colleague can hand a task over to somebody: one who could have taken it.

    Args:
        task: The task, loaded by `with_people`.
        user: Who would be given it.
        using: Alias of the database.
    """
    if not is_known(user):
        return False
    if task.has_groups:
        return is_member(task, user, using)
    return has_permissions(user, task.node, task)


def _refuse_inactive(task: Any, users: list[Any]) -> None:
    names = _names(user for user in users if not user.is_active)
    if names:
        raise InvalidAssignees(
            f"Task {task} cannot be given to {names}: not active any more. Give it to somebody who "
            f"can log in."
        )


def _assignees_of(task: Any, using: str) -> list[Any]:
    users = get_user_model()._base_manager.using(using)
    return list(users.filter(joeflow_assignee_task_set=task.pk).order_by("pk"))


def _pool_of(task: Any, using: str) -> list[Any] | None:
    """Return the keys of the assignees before somebody took the task; None where nobody has.

    What was written to the assignees otherwise counts more than what is remembered of a claim.
    """
    rows = Event._base_manager.using(using).filter(task=task.pk, kind__in=_CHANGES)
    last = rows.order_by("-pk").first()
    if last is None or last.kind != Event.CLAIMED:
        return None
    holders = [each.pk for each in _assignees_of(task, using)]
    return list(last.data["before"]) if holders == [last.user_id] else None


def _users(pks: list[Any], using: str) -> list[Any]:
    return list(get_user_model()._base_manager.using(using).filter(pk__in=pks).order_by("pk"))


def _names(people: Iterable[Any]) -> str:
    return ", ".join(map(str, people))


def _record(
    current: Transition,
    task: Any,
    kind: str,
    user: Any,
    people: Sequence[Any],
    before: Sequence[Any],
    **told: Any,
) -> None:
    data = {"before": [each.pk for each in before]}
    keys = ",".join(str(each.pk) for each in people)
    current.record(kind, task, user, _names(people), data, people=keys, **told)
