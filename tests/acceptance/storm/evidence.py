"""What the storm has left, as plain rows."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from tests.acceptance.storm.notes import Run


@dataclass(frozen=True)
class Instance:
    pk: int
    kind: str
    ended: bool
    value: int = 0


@dataclass(frozen=True)
class Task:
    pk: int
    workflow: int
    name: str
    type: str = "machine"
    status: str = "succeeded"
    attempts: int = 1
    starts: int = 0
    closed: bool = True
    has_eta: bool = True
    exception: str = ""

    @property
    def succeeded(self):
        return self.status == "succeeded"

    def __str__(self):
        return f"task {self.pk} ({self.name}, {self.status}) of instance {self.workflow}"


@dataclass(frozen=True)
class Effect:
    workflow: int
    task: int
    name: str
    token: str
    following: list[str] | None = None
    number: int = 0
    text: str = ""


@dataclass(frozen=True)
class Change:
    task: int
    before: str
    after: str
    was_closed: bool = False


@dataclass(frozen=True)
class Answer:
    """What a person was told who posted the form of a task."""

    task: int
    status: int
    text: str


@dataclass
class Evidence:
    """All that is known at the end.

    Args:
        graphs: For each kind of workflow, the successors of each node by name.
        instances: All instances.
        tasks: All tasks.
        links: Keys of parents and children.
        effects: Rows that the nodes wrote in their transactions.
        changes: What a trigger of the database has seen happen to tasks.
        runs: Runs of nodes that began, by token, from the file outside of the database.
        cuts: From when to when somebody cut connections or killed the database, by the machine's
            clock.
        max_starts: So often a task may be started and not come back.
        started: Keys of instances whose start was acknowledged.
        answers: What people were told.
        deadlocks: How many deadlocks the database's log tells of.
    """

    graphs: dict[str, dict[str, list[str]]]
    instances: list[Instance] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    cuts: list[tuple[float, float]] = field(default_factory=list)
    max_starts: int = 5
    started: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    deadlocks: int = 0

    @classmethod
    def read(cls, rows, **further):
        """Make it from what the project has dumped, and what the storm knows itself."""
        return cls(
            graphs=rows["graphs"],
            instances=[Instance(*row) for row in rows["instances"]],
            tasks=[Task(*row) for row in rows["tasks"]],
            links=[tuple(row) for row in rows["links"]],
            effects=[Effect(*row) for row in rows["effects"]],
            changes=[Change(*row) for row in rows["changes"]],
            **further,
        )

    @cached_property
    def by_key(self):
        return {task.pk: task for task in self.tasks}

    @cached_property
    def kinds(self):
        return {instance.pk: instance.kind for instance in self.instances}

    @cached_property
    def tasks_of(self):
        return _group(self.tasks, lambda task: task.workflow)

    @cached_property
    def effects_of(self):
        return _group(self.effects, lambda effect: effect.task)

    @cached_property
    def runs_of(self):
        return _group(self.runs.values(), lambda run: run.task)

    @cached_property
    def children_of(self):
        return _group(self.links, lambda link: link[0], lambda link: self.by_key[link[1]])

    @cached_property
    def parents_of(self):
        return _group(self.links, lambda link: link[1], lambda link: self.by_key[link[0]])

    def is_untouched(self, workflow):
        """Tell whether nobody has overridden or canceled anything in an instance."""
        tasks = self.tasks_of[workflow]
        return not any(task.name == "override" or task.status == "canceled" for task in tasks)

    def edges(self, task):
        """Return the names of the nodes that a task's node leads to."""
        return self.graphs[self.kinds[task.workflow]].get(task.name, [])


def _group(rows, key, value=lambda row: row):
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(value(row))
    return groups
