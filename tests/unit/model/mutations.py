"""The places that are broken, one at a time: the file, what stands there, and what instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """One place that is broken.

    Args:
        name: What goes wrong.
        module: The file in ``joeflow/``.
        old: What stands there, once.
        new: What stands there instead.
    """

    name: str
    module: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Break the copy of the package in a folder."""
        file = root / "joeflow" / self.module
        text = file.read_text()
        if text.count(self.old) != 1:
            raise SystemExit(f"{self.name}: {self.old!r} stands {text.count(self.old)} times there")
        file.write_text(text.replace(self.old, self.new))


MUTANTS = [
    # Joins.
    Mutant(
        "a join is due when one parent is there",
        "joins.py",
        "if not waiting_for.keys() - arrived:",
        "if arrived:",
    ),
    Mutant(
        "a join overlooks parents on their way",
        "joins.py",
        "for name in reaching",
        "for name in {parent}",
    ),
    Mutant(
        "a join waits for parents that cannot come",
        "joins.py",
        "(task.name in hopeful or",
        "(True or",
    ),
    Mutant(
        "a join holds itself",
        "joins.py",
        "if task.pk != join.pk and (",
        "if (",
    ),
    Mutant(
        "joins that wait for each other hang",
        "joins.py",
        "return due + stuck[:1]",
        "return due",
    ),
    Mutant(
        "of joins that wait for each other all go",
        "joins.py",
        "return due + stuck[:1]",
        "return due + stuck",
    ),
    Mutant(
        "a way through the join counts",
        "graph.py",
        "if name == avoiding:",
        "if name is avoiding and not name:",
    ),
    Mutant(
        "the names of a join are not heeded",
        "graph.py",
        "return frozenset(self.nodes[name].parents) or",
        "return frozenset() or",
    ),
    Mutant(
        "a join takes arrivals after it is due",
        "open_rows.py",
        "and task.eta is None",
        "and task.pk > 0",
    ),
    Mutant(
        "each parent opens a join of its own",
        "open_rows.py",
        "if row.waiting and row.name in names",
        "if row.waiting and not names",
    ),
    Mutant(
        "a join is due though somebody can still come",
        "open_rows.py",
        "if len(due) == len(waiting):",
        "if due:",
    ),
    Mutant(
        "a new join forgets who has arrived",
        "open_rows.py",
        "{row.pk: set(names) for row in new if row.waiting}",
        "{row.pk: set() for row in new if row.waiting}",
    ),
    Mutant(
        "what was read of the open tasks is used when they have changed",
        "transitions.py",
        "outer.open_rows = None",
        "outer.open_rows = outer.open_rows",
    ),
    Mutant(
        "a join is not decided when tasks are canceled",
        "transitions.py",
        "if not self.has_joins and (",
        "if not self.has_joins or (",
    ),
    Mutant(
        "a due join is not handed out",
        "transitions.py",
        ("        for pk in due:\n            self.deliver(Delivery(pk, self.workflow_pk))\n"),
        "",
    ),
    # What follows.
    Mutant(
        "successors twice",
        "steps.py",
        "        create_successors(current, workflow, [task], names)\n",
        (
            "        create_successors(current, workflow, [task], names)\n"
            "        create_successors(current, workflow, [task], names)\n"
        ),
    ),
    Mutant(
        "a lost branch",
        "steps.py",
        "create_successors(current, workflow, [task], names)",
        "create_successors(current, workflow, [task], names[:2])",
    ),
    Mutant(
        "later parents are not linked",
        "successors.py",
        "_link(current, tasks, parents)",
        "_link(current, plain, parents)",
    ),
    Mutant(
        "False is taken as None",
        "returns.py",
        "if result is False:",
        "if result is Ellipsis:",
    ),
    Mutant(
        "0 is taken as False",
        "returns.py",
        "if result is False:",
        "if result == False:  # noqa",
    ),
    Mutant(
        "[] is taken as all edges",
        "returns.py",
        "    if isinstance(result, (str, bytes, Mapping))",
        "    if result == [] or isinstance(result, (str, bytes, Mapping))",
    ),
    Mutant(
        "a node may go where no edge leads",
        "returns.py",
        "if next_name not in graph.successors(name):",
        "if next_name not in graph.nodes:",
    ),
    Mutant(
        "the end is never noted",
        "transitions.py",
        ("        else:\n            self._end()\n"),
        "",
    ),
    Mutant(
        "the end is noted while a task is open",
        "transitions.py",
        "        if rows.tasks:\n",
        "        if rows.tasks[1:]:\n",
    ),
    Mutant(
        "an override does not reopen",
        "transitions.py",
        "if self.created and not self.was_open:",
        "if self.created and self.was_open:",
    ),
    # Tasks that are closed.
    Mutant(
        "a status is missing from the WHERE",
        "transitions.py",
        ("self.tasks.open()\n            .filter(pk__in=pks)"),
        ("self.tasks\n            .filter(pk__in=pks)"),
    ),
    Mutant(
        "a closed task can be run again",
        "verbs.py",
        ("rows = current.tasks.open().filter(pk=self.pk)\n            now ="),
        ("rows = current.tasks.filter(pk=self.pk)\n            now ="),
    ),
    Mutant(
        "an override leaves failed tasks open",
        "overriding.py",
        "current.cancel([task.pk for task in open_tasks], user)",
        'current.cancel([t.pk for t in open_tasks if t.status != "failed"], user)',
    ),
    Mutant(
        "an override does not heed what was seen",
        "overriding.py",
        "if seen is not None and set(seen)",
        "if seen == () and set(seen)",
    ),
    Mutant(
        "cancel leaves failed tasks open",
        "transitions.py",
        ("        pks = list(pks)\n        count = int(\n"),
        (
            "        pks = "
            "list(self.tasks.scheduled().filter(pk__in=list(pks)).values_list('pk', "
            "flat=True))\n"
            "        count = int(\n"
        ),
    ),
    Mutant(
        "a form is accepted twice",
        "views/tasks.py",
        "            raise _TaskIsClosed(task)",
        "            return",
    ),
    # Failures.
    Mutant(
        "a failure is recorded over what came after",
        "steps.py",
        (
            "                status=Task.SCHEDULED,\n"
            "                attempts=task.attempts,\n"
            '                **_same("eta", task.eta),\n'
        ),
        "",
    ),
    Mutant(
        "a failure of an older attempt is recorded",
        "steps.py",
        ('                attempts=task.attempts,\n                **_same("eta", task.eta),\n'),
        "",
    ),
    Mutant(
        "a failure is not recorded",
        "steps.py",
        "status=Task.FAILED,",
        "status=Task.SCHEDULED,",
    ),
    Mutant(
        "poison is never counted",
        "steps.py",
        '.update(starts=F("starts") + 1)',
        '.update(starts=F("starts"))',
    ),
    Mutant(
        "a redelivery is not counted",
        "steps.py",
        "(task.attempts > 1 or self.redelivered)",
        "task.attempts > 1",
    ),
    Mutant(
        "a start that came back stays counted",
        "steps.py",
        'rows.update(starts=F("starts") - 1)',
        'rows.update(starts=F("starts"))',
    ),
    Mutant(
        "a broken database is tried for ever",
        "engine.py",
        "bounces=bounces, errors=errors + 1)",
        "bounces=bounces, errors=errors)",
    ),
    # Time.
    Mutant(
        "a wake is lost",
        "steps.py",
        'filter(pk=task.pk, status=Task.SCHEDULED, **_same("eta", task.eta))',
        "filter(pk=task.pk, status=Task.SCHEDULED)",
    ),
    Mutant(
        "waking does not make due",
        "querysets.py",
        "eta=DatabaseNow(), attempts=1, modified",
        "attempts=1, modified",
    ),
    Mutant(
        "who says not yet is asked at once",
        "steps.py",
        "eta=DatabaseNow(delay),",
        "eta=DatabaseNow(),",
    ),
    Mutant(
        "who says not yet waits ever shorter",
        "steps.py",
        "(task.now - task.created) / 2",
        "(task.now - task.created) / 4",
    ),
    Mutant(
        "a task runs before it is due",
        "statements.py",
        "Q(eta__lte=DatabaseNow()) | no_eta",
        "Q(eta__isnull=False) | no_eta",
    ),
    Mutant(
        "due-ness is judged by the server's clock",
        "statements.py",
        "Q(eta__lte=DatabaseNow()) | no_eta",
        "Q(eta__lte=__import__('django.utils.timezone').utils.timezone.now()) | no_eta",
    ),
    Mutant(
        "a wait is over at once",
        "tasks/machine.py",
        "return bool(now >= self.get_due(task) - CLOCK_TICK)",
        "return True",
    ),
    Mutant(
        "the message's task does not come first",
        "statements.py",
        '.order_by("turn", "eta", "pk")',
        '.order_by("eta", "pk")',
    ),
    Mutant(
        "the state is read before the lock",
        "steps.py",
        ("workflow = load_locked(self.model._base_manager.using(self.using), self.workflow_pk)"),
        (
            "workflow = load_locked(self.model._base_manager.using(self.using), "
            "self.workflow_pk)\n"
            "            workflow = vars(self).setdefault('early', workflow)"
        ),
    ),
    # Messages and the recovery.
    Mutant(
        "what is far counts as handed out",
        "verbs.py",
        'values["attempts"] = int(is_near(delay))',
        'values["attempts"] = 1',
    ),
    Mutant(
        "a message that is too early is dropped",
        "visits.py",
        "return ComeBack(delay) if delay is not None else None",
        "return None",
    ),
    Mutant(
        "what a worker leaves is not handed out",
        "visits.py",
        "hand_out([Delivery(task.pk, self.workflow_pk) for task in self._due()])",
        "hand_out([])",
    ),
    Mutant(
        "a sweep hands out twice",
        "recovery.py",
        "    hand_out(deliveries)\n",
        "    hand_out([*deliveries, *deliveries])\n",
    ),
    Mutant(
        "a sweep does not count",
        "querysets.py",
        'return self.update(attempts=F("attempts") + 1, eta=',
        "return self.update(eta=",
    ),
    Mutant(
        "a sweep does not reset the time",
        "querysets.py",
        'attempts=F("attempts") + 1, eta=DatabaseNow(), modified',
        'attempts=F("attempts") + 1, modified',
    ),
    Mutant(
        "a sweep overlooks what was never handed out",
        "querysets.py",
        "lost = Q(attempts=0)",
        "lost = Q(attempts=-1)",
    ),
    Mutant(
        "what is lost often is lost for ever",
        "querysets.py",
        "Q(attempts__gte=attempts, eta__lt=longest)",
        "Q(attempts__gte=10**6, eta__lt=longest)",
    ),
    Mutant(
        "the grace period does not grow",
        "querysets.py",
        "attempts, periods = attempts + 1, 2 * periods",
        "attempts, periods = attempts + 1, 1 + periods",
    ),
]
