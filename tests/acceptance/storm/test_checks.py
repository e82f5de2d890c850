"""The checks of the storm must be able to fail: each made-up fault gives a violation."""

import random
from dataclasses import replace

import pytest

from tests.acceptance.storm.chaos import SHARES, plan
from tests.acceptance.storm.checks import find_violations
from tests.acceptance.storm.evidence import Answer, Change, Effect, Evidence, Instance, Task
from tests.acceptance.storm.notes import Run
from tests.acceptance.storm.run import idle_time

GRAPH = {
    "start": ["split"],
    "split": ["left", "right"],
    "left": ["meet"],
    "right": ["meet"],
    "meet": ["end"],
}
START, SPLIT, LEFT, RIGHT, MEET, END = range(1, 7)
NAMES = ("start", "split", "left", "right", "meet", "end")


def make_evidence():
    """One instance that has split, joined and ended."""
    following = {SPLIT: ["left", "right"], LEFT: ["meet"], RIGHT: ["meet"], END: []}
    return Evidence(
        graphs={"boat": GRAPH},
        instances=[Instance(1, "boat", ended=True, value=4)],
        tasks=[Task(pk, 1, name) for pk, name in enumerate(NAMES, 1)],
        links=[
            (START, SPLIT),
            (SPLIT, LEFT),
            (SPLIT, RIGHT),
            (LEFT, MEET),
            (RIGHT, MEET),
            (MEET, END),
        ],
        effects=[
            Effect(1, pk, NAMES[pk - 1], f"run{pk}", names) for pk, names in following.items()
        ],
        changes=[Change(pk, "scheduled", "succeeded") for pk in range(SPLIT, END + 1)],
        runs={f"run{pk}": Run(f"run{pk}", 1, 1, pk, NAMES[pk - 1], pk, pk + 1) for pk in following},
        started=[1],
    )


def change_task(evidence, pk, **values):
    evidence.tasks[pk - 1] = replace(evidence.tasks[pk - 1], **values)


def change_instance(evidence, **values):
    evidence.instances[0] = replace(evidence.instances[0], **values)


def begin_run(evidence, token, task, began=0, ended=None):
    evidence.runs[token] = Run(token, 1, 1, task, NAMES[task - 1], began, ended)


def open_end(evidence, **values):
    """Let the last task be open."""
    values = {"status": "scheduled", "closed": False, **values}
    change_task(evidence, END, **values)
    change_instance(evidence, ended=False, value=3)
    evidence.effects = [effect for effect in evidence.effects if effect.task != END]
    evidence.changes = [change for change in evidence.changes if change.task != END]


def open_join(evidence):
    """Let the join wait, although all have arrived."""
    open_end(evidence)
    evidence.tasks.pop()
    evidence.links.remove((MEET, END))
    evidence.changes.pop()
    change_task(evidence, MEET, status="scheduled", closed=False, has_eta=False)


def lose_an_instance(evidence):
    evidence.started.append(2)


def lose_all_tasks(evidence):
    evidence.instances.append(Instance(2, "boat", ended=True))


def end_too_early(evidence):
    open_end(evidence)
    change_instance(evidence, ended=True)


def end_never(evidence):
    change_instance(evidence, ended=False)


def leave_a_task_overdue(evidence):
    open_end(evidence, attempts=7)


def leave_a_task_unscheduled(evidence):
    open_end(evidence, has_eta=False)


def leave_a_person_waiting(evidence):
    open_end(evidence, type="human", has_eta=False)


def fail_without_a_word(evidence):
    open_end(evidence, status="failed", exception="")


def fail_for_another_reason(evidence):
    open_end(evidence, status="failed", exception="builtins.KeyError: 1")


def give_up_too_early(evidence):
    open_end(evidence, status="failed", exception="joeflow.exceptions.NeverCameBack: Task end (6)")
    for number in range(2):
        begin_run(evidence, f"killed{number}", END)


def give_up_for_the_database(evidence):
    open_end(evidence, status="failed", exception="django.db.utils.OperationalError: gone")


def close_a_failed_task(evidence):
    change_task(evidence, END, status="failed", exception="joeflow.exceptions.NeverCameBack: Task")


def complete_twice(evidence):
    evidence.changes.append(Change(LEFT, "scheduled", "succeeded"))


def open_again(evidence):
    evidence.changes.append(Change(LEFT, "succeeded", "scheduled", was_closed=True))


def forget_a_completion(evidence):
    change_task(evidence, LEFT, closed=False)


def double_a_successor(evidence):
    evidence.tasks.append(Task(7, 1, "end"))
    evidence.links.append((MEET, 7))


def lose_a_successor(evidence):
    evidence.links.remove((SPLIT, LEFT))


def follow_a_task_that_did_not_succeed(evidence):
    change_task(evidence, LEFT, status="canceled")


def go_the_wrong_way(evidence):
    evidence.effects[0] = replace(evidence.effects[0], following=["left"])


def follow_two_tasks(evidence):
    evidence.links.append((LEFT, END))


def follow_before_the_start(evidence):
    evidence.links.append((LEFT, START))


def start_twice(evidence):
    evidence.tasks.append(Task(7, 1, "start"))


def double_a_join(evidence):
    evidence.tasks.append(Task(7, 1, "meet"))
    evidence.links.remove((RIGHT, MEET))
    evidence.links.append((RIGHT, 7))


def go_on_beside_a_late_task(evidence):
    evidence.tasks += [Task(7, 1, "escalate"), Task(8, 1, "end")]
    evidence.links += [(LEFT, 7), (7, 8)]
    evidence.effects.append(Effect(1, 7, "escalate", "run7", ["end"]))


def lose_a_branch(evidence):
    evidence.links.remove((RIGHT, MEET))


def double_an_effect(evidence):
    evidence.effects.append(replace(evidence.effects[1], token="run1"))
    begin_run(evidence, "run1", LEFT)
    change_instance(evidence, value=5)


def lose_an_effect(evidence):
    evidence.effects.pop()
    change_instance(evidence, value=3)


def keep_an_effect_of_a_failure(evidence):
    open_end(evidence, status="failed", exception="joeflow.exceptions.NeverCameBack: Task")
    evidence.effects.append(Effect(1, END, "end", "run6", []))
    change_instance(evidence, value=4)


def keep_an_effect_of_nobody(evidence):
    evidence.effects.append(Effect(1, 99, "end", "run6", []))


def write_over_an_effect(evidence):
    change_instance(evidence, value=3)


def ask_twice_at_once(evidence):
    evidence.effects += [Effect(1, END, "end", f"ask{n}", None, number=1) for n in range(2)]
    begin_run(evidence, "ask0", END, began=10)
    begin_run(evidence, "ask1", END, began=11)
    change_instance(evidence, value=6)


def commit_a_run_twice(evidence):
    evidence.effects[1] = replace(evidence.effects[1], token="run4")


def commit_a_run_that_never_began(evidence):
    evidence.runs.clear()


def run_twice_at_once(evidence):
    begin_run(evidence, "early", LEFT, began=LEFT - 0.5, ended=LEFT + 0.5)


def run_beside_one_that_is_killed(evidence):
    begin_run(evidence, "killed", LEFT, began=LEFT - 0.5)
    evidence.runs["killed"].killed = LEFT + 0.5


def tell_two_people(evidence):
    evidence.answers += [Answer(LEFT, 200, ""), Answer(LEFT, 200, "")]


def tell_a_person_what_is_not_so(evidence):
    evidence.answers.append(Answer(LEFT, 200, "mine"))


def meet_a_deadlock(evidence):
    evidence.deadlocks = 1


FAULTS = {
    lose_an_instance: "acknowledgments: Somebody was told that instance 2 was started",
    lose_all_tasks: "ends: Instance 2 has no task at all.",
    end_too_early: "ends: Instance 1 counts as ended, but task 6",
    end_never: "ends: Instance 1 has no open task and does not count as ended.",
    leave_a_task_overdue: "waiting: The task 6 (end, scheduled) of instance 1 is overdue, after 7",
    leave_a_task_unscheduled: "waiting: The task 6 (end, scheduled) of instance 1 is not scheduled",
    leave_a_person_waiting: "waiting: The task 6 (end, scheduled) of instance 1 still waits for a",
    open_join: "waiting: The task 5 (meet, scheduled) of instance 1 hangs",
    fail_without_a_word: "failures: The task 6 (end, failed) of instance 1 failed for a",
    fail_for_another_reason: "failures: The task 6 (end, failed) of instance 1 failed for a",
    give_up_too_early: "failures: The task 6 (end, failed) of instance 1 never came back, after 3",
    give_up_for_the_database: "failures: The task 6 (end, failed) of instance 1 failed for another",
    close_a_failed_task: "failures: The task 6 (end, failed) of instance 1 has failed and is",
    complete_twice: "completions: Task 3 was closed 2 times.",
    open_again: "completions: Task 3 was closed, and went from succeeded to scheduled.",
    forget_a_completion: "completions: The task 3 (left, succeeded) of instance 1 is open.",
    double_a_successor: "successors: The task 5 (meet, succeeded) of instance 1 is followed by e",
    lose_a_successor: "successors: The task 2 (split, succeeded) of instance 1 is followed by ['r",
    follow_a_task_that_did_not_succeed: "successors: The task 3 (left, canceled) of instance 1 is",
    go_the_wrong_way: "successors: The task 2 (split, succeeded) of instance 1 is followed by",
    follow_two_tasks: "parents: The task 6 (end, succeeded) of instance 1 follows 2 tasks.",
    follow_before_the_start: "parents: The task 1 (start, succeeded) of instance 1 starts its",
    start_twice: "parents: Instance 1 was started 2 times.",
    double_a_join: "joins: Instance 1 has 2 joins in 1 rounds.",
    go_on_beside_a_late_task: "escalations: The task 7 (escalate, succeeded) of instance 1 goes on",
    lose_a_branch: "joins: Of 2 branches of instance 1, 1 arrived.",
    double_an_effect: "effects: The task 3 (left, succeeded) of instance 1 has had its effect 2",
    lose_an_effect: "effects: The task 6 (end, succeeded) of instance 1 has had its effect 0 times",
    keep_an_effect_of_a_failure: "effects: The task 6 (end, failed) of instance 1 has had 1 effect",
    keep_an_effect_of_nobody: "effects: Task 99 has had an effect and does not exist.",
    write_over_an_effect: "values: Instance 1 counts 3 effects and has 4.",
    ask_twice_at_once: "values: Instance 1 said 'not yet' as number [1, 1].",
    commit_a_run_twice: "attempts: Run run4 was committed 2 times.",
    commit_a_run_that_never_began: "attempts: Run run2 was committed and never began.",
    run_twice_at_once: "overlaps: Task 3 was started again while it ran: early, run3.",
    run_beside_one_that_is_killed: "overlaps: Task 3 was started again while it ran: killed, run3.",
    tell_two_people: "acknowledgments: 2 people were told that they completed task 3.",
    tell_a_person_what_is_not_so: "acknowledgments: Somebody was told that 'mine' was saved",
    meet_a_deadlock: "deadlocks: The log of the database tells of 1 deadlocks.",
}


def test_no_fault__no_violation():
    assert find_violations(make_evidence()) == []


def test_join_held_by_a_failed_branch__no_violation():
    evidence = make_evidence()
    open_join(evidence)
    change_task(
        evidence,
        RIGHT,
        status="failed",
        closed=False,
        exception="joeflow.exceptions.NeverCameBack: Task right (4) was started 5 times",
    )
    for number in range(5):
        begin_run(evidence, f"killed{number}", RIGHT)
    evidence.links.remove((RIGHT, MEET))
    evidence.effects = [effect for effect in evidence.effects if effect.task != RIGHT]
    evidence.changes = [Change(RIGHT, "scheduled", "failed")]
    change_instance(evidence, value=2)

    assert find_violations(evidence) == []


def test_run_after_its_connection_was_cut__no_violation():
    evidence = make_evidence()
    run_twice_at_once(evidence)

    evidence.cuts.append((LEFT - 0.2, LEFT - 0.1))

    assert find_violations(evidence) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_fault__is_a_violation(fault):
    evidence = make_evidence()

    fault(evidence)

    violations = find_violations(evidence)
    assert any(text.startswith(FAULTS[fault]) for text in violations), violations


def test_idle_time__counts_the_gaps_in_which_nobody_worked():
    spans = [(0, 11), (10, 14), (14.5, 15), (18, 19), (19, None)]
    runs = [Run(str(began), 1, 1, 1, "end", began, ended) for began, ended in spans]

    assert idle_time(runs, since=10, until=22) == 6


def test_plan__has_as_many_kills_as_asked_for_and_follows_from_the_seed():
    steps = plan(random.Random(7), kills=100)

    assert steps.count("kill_in_the_middle") == 100
    assert set(steps) == {"kill_in_the_middle", *SHARES}
    assert steps == plan(random.Random(7), kills=100)
    assert steps != plan(random.Random(8), kills=100)
