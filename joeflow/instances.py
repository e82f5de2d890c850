"""What can be done to an instance, and asked of and done to many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models, router

from joeflow.exceptions import InstanceChanged, InstanceLocked
from joeflow.typing import Node, User

__all__ = (
    "InstanceVerbs",
    "Outcome",
    "WorkflowQuerySet",
    "override_all",
    "pause_all",
    "resume_all",
)

logger = logging.getLogger("joeflow")


@dataclass(frozen=True)
class Outcome:
    """What came of something that was to be done to many instances.

    Args:
        done: Keys of the instances to which it was done.
        unchanged: Keys of those that were as they should be already.
        refused: For each of the others, by its key, why nothing was done to it.
    """

    done: tuple[int, ...] = ()
    unchanged: tuple[int, ...] = ()
    refused: Mapping[int, Exception] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """To how many instances it was done."""
        return len(self.done)


class WorkflowQuerySet(models.QuerySet[Any]):
    """Instances of a workflow class, asked for in the words of the domain.

    Whatever is done is done instance by instance, in order of key, a transaction each: completely
    or not at all. An instance that is busy, or refuses, does not stop the others.
    """

    def paused(self) -> WorkflowQuerySet:
        """Return the instances in which nothing starts at the moment."""
        return self.filter(_paused__isnull=False)

    def not_paused(self) -> WorkflowQuerySet:
        """Return all but the paused instances."""
        return self.filter(_paused__isnull=True)

    def override(
        self, nodes: Iterable[Node | str], *, by: User | None = None, reason: str = ""
    ) -> Outcome:
        """Send these instances elsewhere: cancel what is open in each, and start the nodes.

        Args:
            nodes: Nodes to go on with, or their names; none of them ends the instances.
            by: Who does it.
            reason: Why; shown in the history.

        Returns:
            What came of it.

        Raises:
            NodeNotFound: A node is not one of this workflow class; nothing was done.
            JoeflowError: A node is a start; nothing was done.
        """
        return override_all(self, nodes, by, reason)

    def pause(self, *, by: User | None = None, reason: str = "") -> Outcome:
        """Let nothing start in these instances, until they are resumed.

        Args:
            by: Who does it.
            reason: Why; shown to whoever comes upon one of them.

        Returns:
            What came of it.
        """
        return pause_all(self, by, reason)

    def resume(self, *, by: User | None = None) -> Outcome:
        """Let these instances go on, if they are paused.

        Args:
            by: Who does it.

        Returns:
            What came of it.
        """
        return resume_all(self, by)


# The same for the rows of any queryset: a project's manager need not be made of this one.


def override_all(
    rows: models.QuerySet[Any], nodes: Iterable[Node | str], by: User | None, reason: str
) -> Outcome:
    """Do what `WorkflowQuerySet.override` does."""
    task_model = _task_model()
    names = task_model._read_nodes(rows.model, nodes)

    def act(workflow: Any, wait: bool) -> bool:
        task_model._override(workflow, names, by, reason=reason, wait=wait)
        return True

    return _for_each(rows, act)


def pause_all(rows: models.QuerySet[Any], by: User | None, reason: str) -> Outcome:
    """Do what `WorkflowQuerySet.pause` does."""
    do = _task_model()._pause
    return _for_each(rows, lambda workflow, wait: do(workflow, by, reason, wait=wait))


def resume_all(rows: models.QuerySet[Any], by: User | None) -> Outcome:
    """Do what `WorkflowQuerySet.resume` does."""
    do = _task_model()._resume
    return _for_each(rows, lambda workflow, wait: do(workflow, by, wait=wait))


def _for_each(rows: models.QuerySet[Any], act: Callable[[Any, bool], bool]) -> Outcome:
    """Do something to each instance.

    Args:
        rows: The instances.
        act: Is called with an instance, and whether to wait for it; says whether it was done.
    """
    rows = rows.using(router.db_for_write(_task_model()))
    unordered = rows if rows.query.is_sliced else rows.order_by()
    done: list[int] = []
    unchanged: list[int] = []
    refused: dict[int, Exception] = {}
    wait = True
    for key in sorted(set(unordered.values_list("pk", flat=True))):
        try:
            (done if act(_find(rows, key), wait) else unchanged).append(key)
        except Exception as error:  # noqa: BLE001 - what one instance refuses stops no other
            # Who has met one busy instance may have selected hundreds: only one is waited for.
            wait = wait and not isinstance(error, InstanceLocked)
            refused[key] = error
            logger.warning("event=refused workflow_pk=%s error=%r", key, error)
    return Outcome(tuple(done), tuple(unchanged), MappingProxyType(refused))


def _find(rows: models.QuerySet[Any], key: int) -> Any:
    if rows.query.is_sliced:
        rows = rows.model._default_manager.using(rows.db)
    workflow = rows.filter(pk=key).first()
    if workflow is None:
        raise InstanceChanged
    return workflow


class InstanceVerbs:
    """What can be done to one instance: a part of the model `Workflow`.

    A node may have the name of each of these; joeflow itself never calls them.
    """

    if TYPE_CHECKING:
        pk: Any
        _paused: Any
        _ended: Any
        task_set: Any

    def cancel(self, user: User | None = None) -> int:
        """Cancel all open tasks.

        Args:
            user: Who does it.

        Returns:
            How many tasks were open.

        Raises:
            InstanceLocked: A task ran for longer than ``JOEFLOW_LOCK_TIMEOUT``.
        """
        return int(self._all_tasks().cancel(user))

    def wake(self) -> int:
        """Make the waiting machine tasks due at once, e.g. as what they wait for has happened.

        A `Wait` that is woken too early goes back to its instant.

        Returns:
            How many tasks were waiting, or are being asked at the moment.
        """
        return int(self._all_tasks().wake())

    def plan_override(self, nodes: Iterable[Node | str]) -> Any:
        """Find out what an override would do, and do none of it.

        Args:
            nodes: Nodes to go on with, or their names; none of them ends the instance.

        Returns:
            An `OverridePlan`: what would be canceled, started and left, and how to do so.

        Raises:
            NodeNotFound: A node is not one of this workflow.
            JoeflowError: A node is a start, or the instance is of another class.
        """
        return _task_model()._plan_override(self, nodes)

    @property
    def is_paused(self) -> bool:
        """Whether nothing starts in this instance at the moment, as it was when it was loaded."""
        return self._paused is not None

    def pause(self, by: User | None = None, reason: str = "") -> bool:
        """Let nothing start in this instance, until it is resumed; clocks go on.

        A machine task that runs at the moment comes to its end before. Forms of people are refused
        with the reason.

        Args:
            by: Who does it.
            reason: Why.

        Returns:
            False where it is paused already.

        Raises:
            InstanceLocked: A task ran for longer than ``JOEFLOW_LOCK_TIMEOUT``.
            InstanceEnded: The instance has ended.
            JoeflowError: It was deleted.
        """
        return bool(_task_model()._pause(self, by, reason))

    def resume(self, by: User | None = None) -> bool:
        """Let a paused instance go on; what has become due meanwhile starts once.

        Args:
            by: Who does it.

        Returns:
            False where it is not paused.

        Raises:
            InstanceLocked: It was busy for longer than ``JOEFLOW_LOCK_TIMEOUT``.
            JoeflowError: The instance was deleted.
        """
        return bool(_task_model()._resume(self, by))

    def _all_tasks(self) -> Any:
        # Not task_set: that finds none where this is the state and the tasks are of its proxy.
        return _task_model()._default_manager.filter(_workflow_id=self.pk)


def _task_model() -> Any:
    # It knows what is done to instances: that needs tasks, which are on a higher floor.
    return apps.get_model("joeflow", "Task")
