"""What must be so after the storm; each check returns a sentence for each violation."""

from collections import Counter, defaultdict
from itertools import pairwise

#: How an exception of a task may begin, and say why the task stands.
ALLOWED_FAILURES = ("tests.acceptance.storm.weather.models.Planned: Planned: ",)
#: How it may begin besides, where a task was killed again and again.
NEVER_CAME_BACK = "joeflow.exceptions.NeverCameBack: "
JOIN = "meet"  # the name of each join
ESCALATION = "escalate"  # the name of each task that runs as a person is late


def ends(evidence):
    """Each instance has ended, or stands where a failed task says why."""
    for instance in evidence.instances:
        tasks = [task for task in evidence.tasks_of[instance.pk] if not task.closed]
        if instance.ended and tasks:
            yield f"Instance {instance.pk} counts as ended, but {tasks[0]} is open."
        if not instance.ended and not tasks:
            yield f"Instance {instance.pk} has no open task and does not count as ended."
        if not evidence.tasks_of[instance.pk]:
            yield f"Instance {instance.pk} has no task at all."
        if tasks and not any(task.status == "failed" for task in tasks):
            yield f"Instance {instance.pk} stands, and no failed task says why: {tasks[0]}."


def failures(evidence):
    """A failed task says what the workflow raised, or what the storm has done to it."""
    for task in evidence.tasks:
        if task.status != "failed":
            continue
        if task.closed:
            yield f"The {task} has failed and is closed."
        runs = len(evidence.runs_of[task.pk])
        if task.exception.startswith(NEVER_CAME_BACK):
            # The last start may have been killed before the node could note that it runs.
            if runs < evidence.max_starts - 1:
                yield f"The {task} never came back, after {runs} runs."
        elif not task.exception.startswith(ALLOWED_FAILURES):
            yield f"The {task} failed for another reason: {task.exception!r}."


def waiting(evidence):
    """No task is overdue; what waits is a join that a failed task holds."""
    for task in evidence.tasks:
        if task.closed or task.status != "scheduled":
            continue
        if task.type == "human":
            yield f"The {task} still waits for a person."
        elif task.has_eta:
            yield f"The {task} is overdue, after {task.attempts} attempts."
        elif task.name != JOIN:
            yield f"The {task} is not scheduled for any time."
        elif not any(other.status == "failed" for other in evidence.tasks_of[task.workflow]):
            yield f"The {task} hangs: nothing that it waits for can still come."


def completions(evidence):
    """Each task is closed at most once, and nothing happens to it afterwards."""
    closings = Counter()
    for change in evidence.changes:
        closings[change.task] += change.after in {"succeeded", "canceled"}
        if change.was_closed:
            yield (
                f"Task {change.task} was closed, and went from {change.before} to {change.after}."
            )
    for task, count in closings.items():
        if count > 1:
            yield f"Task {task} was closed {count} times."
    for task in evidence.tasks:
        if task.closed != (task.status in {"succeeded", "canceled"}):
            yield f"The {task} is {'closed' if task.closed else 'open'}."


def successors(evidence):
    """Each task that succeeded has each successor exactly once, and no other task has any."""
    for task in evidence.tasks:
        names = sorted(child.name for child in evidence.children_of[task.pk])
        for name, count in Counter(names).items():
            if count > 1:
                yield f"The {task} is followed by {name} {count} times."
        names = sorted(set(names) - {"override", ESCALATION})
        if task.name != "override" and names != _expected(evidence, task):
            yield f"The {task} is followed by {names}, not by {_expected(evidence, task)}."


def _expected(evidence, task):
    if not task.succeeded:
        return []
    chosen = [e.following for e in evidence.effects_of[task.pk] if e.following is not None]
    return sorted(chosen[0] if chosen else evidence.edges(task))


def escalations(evidence):
    """What runs as somebody is late, and goes on, has ended the late task."""
    for task in evidence.tasks:
        if task.name == ESCALATION and task.succeeded and _expected(evidence, task):
            for late in evidence.parents_of[task.pk]:
                if late.status != "canceled":
                    yield f"The {task} goes on, and the late {late} is {late.status}."


def parents(evidence):
    """Each task follows exactly one task; a join and an override can follow several."""
    for task in evidence.tasks:
        count = len(evidence.parents_of[task.pk])
        if task.name == "start":
            if count:
                yield f"The {task} starts its instance and follows another."
        elif count != 1 and task.name not in {JOIN, "override"}:
            yield f"The {task} follows {count} tasks."
        elif not count:
            yield f"The {task} follows no task."
    for instance in evidence.instances:
        starts = [task for task in evidence.tasks_of[instance.pk] if task.name == "start"]
        if len(starts) != 1:
            yield f"Instance {instance.pk} was started {len(starts)} times."


def joins(evidence):
    """Where nobody stepped in, there is one join for each round, and all have arrived at it."""
    for instance in evidence.instances:
        if not evidence.is_untouched(instance.pk):
            continue
        tasks = evidence.tasks_of[instance.pk]
        arrivals = Counter(t.name for t in tasks if JOIN in _expected(evidence, t))
        rounds = max(arrivals.values(), default=0)
        found = [task for task in tasks if task.name == JOIN]
        if len(found) != rounds:
            yield f"Instance {instance.pk} has {len(found)} joins in {rounds} rounds."
        arrived = sum(len(evidence.parents_of[task.pk]) for task in found)
        if arrived != arrivals.total():
            yield f"Of {arrivals.total()} branches of instance {instance.pk}, {arrived} arrived."


def effects(evidence):
    """Each task that succeeded has had its effect exactly once; no other has had any."""
    for task in evidence.tasks:
        rows = evidence.effects_of[task.pk]
        done = [row for row in rows if row.following is not None]
        if done and not task.succeeded:
            yield f"The {task} has had {len(done)} effects."
        elif task.succeeded and len(done) != (task.name in _with_effect(evidence, task)):
            yield f"The {task} has had its effect {len(done)} times."
    for row in evidence.effects:
        if row.task not in evidence.by_key:
            yield f"Task {row.task} has had an effect and does not exist."


def _with_effect(evidence, task):
    """Return the names of those nodes of a task's workflow that have an effect."""
    graph = evidence.graphs[evidence.kinds[task.workflow]]
    names = {name for following in graph.values() for name in following} | set(graph)
    return names - {"start", "wait", JOIN, "kill"}


def values(evidence):
    """No effect was written over by another one of the same instance."""
    counts, asked = Counter(row.workflow for row in evidence.effects), defaultdict(list)
    for row in evidence.effects:
        if row.following is None:
            asked[row.workflow].append(row.number)
    for workflow, numbers in asked.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"Instance {workflow} said 'not yet' as number {numbers}."
    for instance in evidence.instances:
        if instance.value != counts[instance.pk]:
            yield (
                f"Instance {instance.pk} counts {instance.value} effects"
                f" and has {counts[instance.pk]}."
            )


def attempts(evidence):
    """Each committed effect belongs to one run, which the file outside of the database knows."""
    for token, count in Counter(row.token for row in evidence.effects).items():
        if count > 1:
            yield f"Run {token} was committed {count} times."
        if token not in evidence.runs:
            yield f"Run {token} was committed and never began."


def overlaps(evidence):
    """A task that runs is not started a second time as long as its connection lives."""
    for task, runs in evidence.runs_of.items():
        for run, later in pairwise(sorted(runs, key=lambda run: run.began)):
            # Of a run that was killed together with its worker, nobody has noted when that was.
            end = run.ended if run.killed is None else run.killed
            if end is None or later.began >= end:
                continue
            if not any(run.began <= end and start <= later.began for start, end in evidence.cuts):
                yield f"Task {task} was started again while it ran: {run.token}, {later.token}."


def acknowledgments(evidence):
    """What somebody was told to have happened has happened, and nobody else was told so."""
    for pk in evidence.started:
        if pk not in evidence.kinds:
            yield f"Somebody was told that instance {pk} was started; it does not exist."
    told = [answer for answer in evidence.answers if answer.status == 200]
    for task, count in Counter(answer.task for answer in told).items():
        if count > 1:
            yield f"{count} people were told that they completed task {task}."
    for answer in told:
        texts = [row.text for row in evidence.effects_of[answer.task]]
        if texts != [answer.text]:
            yield f"Somebody was told that {answer.text!r} was saved; the row says {texts}."


def deadlocks(evidence):
    """The database found no deadlock."""
    if evidence.deadlocks:
        yield f"The log of the database tells of {evidence.deadlocks} deadlocks."


CHECKS = (
    ends,
    failures,
    waiting,
    completions,
    successors,
    escalations,
    parents,
    joins,
    effects,
    values,
    attempts,
    overlaps,
    acknowledgments,
    deadlocks,
)


def find_violations(evidence):
    """Return a sentence for each thing that is not as it must be."""
    return [f"{check.__name__}: {text}" for check in CHECKS for text in check(evidence)]
