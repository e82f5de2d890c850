"""Random graphs, run task by task in any order: which tasks may exist."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.broker import Message
from tests.unit.model.effort import GRAPHS
from tests.unit.model.strategies import all_plans, calm_scripts, stays
from tests.unit.model.world import world

#: Which of the open tasks comes next, what its node answers, and how long the worker stays.
TURNS = st.tuples(st.integers(0, 50), calm_scripts, stays)


@GRAPHS
@given(plan=all_plans(), turns=st.lists(TURNS, min_size=1, max_size=15))
def test_the_engine_does_what_the_reference_says(plan, turns):
    with world(plan) as made:
        for index, script, stay in turns:
            movable = [task for task in made.reference.open if not made.reference.waits(task)]
            if not movable:
                break
            task = movable[index % len(movable)]
            if task.human:
                made.post(task)
                continue
            if task.eta > made.clock.now:
                made.pass_time(task.eta - made.clock.now + 0.01)
            made.deliver(Message(task.pk, made.workflow.pk), script, stay=stay)
            assert task.status == "succeeded"
