"""What the random tests have found, and what they should find if it comes back: each by name."""

from dataclasses import replace

from tests.unit.model.answers import Answer
from tests.unit.model.broker import Message
from tests.unit.model.crashes import Crash
from tests.unit.model.plan import plan
from tests.unit.model.world import world

FALSE, FAILS, DIES = Answer("false"), Answer("raise"), Answer("die")
NO_DATABASE = Answer("database")
BRANCHES = plan("start>a start>b a>join b>join join>end", joins={"join": ()})


def named(made, name):
    """Return the newest task of a node."""
    return [task for task in made.tasks if task.name == name][-1]


def message(made, name):
    """Return the newest message for a task of a node."""
    pk = named(made, name).pk
    return [sent for sent in made.broker.messages if sent.task_pk == pk][-1]


def test_a_message_that_is_too_early_is_kept_though_another_task_is_due():
    with world(BRANCHES) as made:
        made.deliver(message(made, "b"), [FALSE])

        # A worker whose clock is ahead gets it too early, and finds the other branch due.
        made.deliver(message(made, "b"))

        assert named(made, "a").status == "succeeded"
        made.pass_time(5)
        made.deliver(message(made, "b"))
        assert named(made, "b").status == "succeeded"


def test_a_task_that_is_woken_while_it_says_not_yet_is_asked_again():
    with world(BRANCHES) as made:
        made.deliver(message(made, "b"), [Answer("woken")])

        assert named(made, "b").eta <= made.clock.now


def test_a_failure_is_not_recorded_over_what_another_worker_did():
    with world(BRANCHES) as made:
        twice = message(made, "a")

        made.deliver(twice, [FAILS], visitors={1: lambda: made.deliver(twice)})

        assert named(made, "a").status == "succeeded"


def test_a_failure_is_not_recorded_over_a_rerun():
    with world(BRANCHES) as made:
        task = named(made, "a")

        made.deliver(message(made, "a"), [FAILS], visitors={1: lambda: made.rerun(task)})

        assert task.status == "scheduled"


def test_what_a_sweep_has_handed_out_meanwhile_has_not_failed():
    def sweep_later():
        made.pass_time(31)
        made.sweep()

    with world(BRANCHES) as made:
        made.deliver(message(made, "a"), [FAILS], visitors={1: sweep_later})

        assert named(made, "a").status == "scheduled"


def test_a_task_whose_worker_is_killed_each_time_fails_in_the_end():
    with world(BRANCHES) as made:
        task = named(made, "a")
        for _ in range(4):
            made.deliver(message(made, "a"), [DIES])

        assert task.status == "failed"


def test_a_start_that_comes_back_for_its_database_is_no_start():
    with world(BRANCHES) as made:
        made.deliver(message(made, "a"), [DIES])

        made.deliver(message(made, "a"), [NO_DATABASE])

        assert named(made, "a").starts == 0


def test_a_task_whose_database_stays_broken_fails_in_the_end():
    with world(BRANCHES) as made:
        for _ in range(3):
            made.deliver(message(made, "a"), [NO_DATABASE])

        assert named(made, "a").status == "failed"


def test_a_message_that_is_too_early_is_sent_again_though_another_task_fails():
    with world(BRANCHES) as made:
        made.deliver(message(made, "b"), [FALSE])

        made.deliver(message(made, "b"), [FAILS])

        assert named(made, "a").status == "failed"
        assert message(made, "b")


def test_what_a_worker_has_committed_and_not_sent_is_found_by_the_sweep():
    with world(plan("start>a a>b")) as made:
        made.deliver(message(made, "a"), crash=Crash(0, kept=True), is_lost=True)
        assert not made.broker.messages

        made.pass_time(31)
        made.sweep()

        made.deliver(message(made, "b"))
        assert made.reference.ended


def test_what_a_worker_has_not_committed_has_not_happened():
    with world(plan("start>a a>b")) as made:
        made.deliver(message(made, "a"), crash=Crash(0))
        assert [task.name for task in made.reference.open] == ["a"]

        made.deliver(message(made, "a"))

        assert [task.name for task in made.reference.open] == ["b"]


def test_an_override_leaves_nothing_open_but_what_it_starts():
    with world(BRANCHES) as made:
        made.deliver(message(made, "a"), [FAILS])

        made.override(["end"])

        assert [task.name for task in made.reference.open] == ["end"]


def test_a_person_who_posts_twice_is_refused_the_second_time():
    with world(plan("start>desk desk>a", humans=["desk"])) as made:
        made.post(named(made, "desk"))

        made.post(named(made, "desk"))

        assert [task.name for task in made.tasks] == ["start", "desk", "a"]


def test_a_message_of_the_last_round_of_a_loop_runs_the_next_one_once():
    with world(plan("start>a a>a")) as made:
        old = Message(named(made, "a").pk, made.workflow.pk)

        for _ in range(3):
            made.deliver(old)

        assert len(made.tasks) == 5


def test_a_way_through_the_join_itself_does_not_hold_it():
    joins = {"join": ("a", "c")}
    with world(plan("start>a start>b a>join b>join join>c c>join", joins=joins)) as made:
        made.deliver(message(made, "a"))

        assert not made.reference.waits(named(made, "join"))


def test_a_worker_that_stays_loads_the_state_again_for_each_task():
    with world(BRANCHES) as made:
        other = message(made, "b")
        visitors = {1: lambda: made.deliver(other)}

        made.deliver(message(made, "a"), stay=9, visitors=visitors)

        assert made.reference.ended


def test_two_joins_that_nothing_holds_go_at_once_though_each_leads_back_to_itself():
    edges = "start>a start>x a>j x>j j>c c>j a>k x>k k>d d>k"
    with world(plan(edges, joins={"j": (), "k": ()})) as made:
        made.deliver(message(made, "a"))

        made.cancel(named(made, "x"))

        assert not made.reference.waits(named(made, "j"))
        assert not made.reference.waits(named(made, "k"))


def test_a_message_that_is_lost_again_and_again_is_sent_again_after_growing_times():
    with world(plan("start>a")) as made:
        for seconds in [30, 60, 120, 240, 480, 480, 480]:
            made.lose(message(made, "a"))
            made.pass_time(seconds - 1)
            made.sweep()
            assert not made.broker.messages

            made.pass_time(2)
            made.sweep()

            assert message(made, "a")


def test_two_workers_with_one_message_may_count_a_start_each():
    with world(plan("start>a")) as made:
        made.pass_time(31)
        made.sweep()
        twice = message(made, "a")

        made.deliver(twice, visitors={1: lambda: made.deliver(twice)})

        assert made.reference.ended


def test_who_says_not_yet_is_asked_again_after_half_of_the_time_so_far():
    with world(BRANCHES) as made:
        made.pass_time(100)

        made.deliver(message(made, "a"), [FALSE])

        assert abs(named(made, "a").eta - 150) < 1


def test_the_first_of_two_joins_that_wait_for_each_other_is_due_also_where_it_is_inherited():
    inherited = {"start", "k"}
    edges = "start>j start>k j>k k>j"
    drawn = plan(edges, joins={"j": (), "k": ()})
    nodes = tuple(replace(node, inherited=node.name in inherited) for node in drawn.nodes)
    with world(replace(drawn, nodes=nodes)) as made:
        assert made.reference.waits(named(made, "j"))
        assert not made.reference.waits(named(made, "k"))


def test_a_sweep_that_dies_after_it_has_looked_at_a_join_has_handed_out_nothing():
    with world(plan("start>a start>b start>j a>j b>j", joins={"j": ()})) as made:
        made.lose(message(made, "a"))
        made.pass_time(4000)  # nobody has touched the join for an hour

        made.sweep(crash=Crash(commit=0, kept=True))
        assert not [m for m in made.broker.messages if m.task_pk == named(made, "a").pk]

        made.sweep()
        assert message(made, "a")
