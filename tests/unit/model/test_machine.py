"""Whatever happens to one instance, in any order: all promises hold after each step."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.unit.model.broker import Message
from tests.unit.model.effort import MACHINE
from tests.unit.model.strategies import MASKS, crashes, plans, scripts, stays
from tests.unit.model.world import world

PICKS = st.integers(0, 50)
#: Some are much shorter than a grace period, some much longer than all of them.
SECONDS = st.sampled_from([0.4, 1.7, 5.3, 31, 67, 700, 4000])


def pick(index, items):
    """Return one of some items, a late one for a small index: what is new is what goes wrong."""
    return items[-1 - index % len(items)]


class Instance(RuleBasedStateMachine):
    """One instance, its workers and people, and all that can go wrong."""

    world = None

    @initialize(plan=plans(is_tame=True), ahead=st.sampled_from([0, 0, 5, -5]))
    def begin(self, plan, ahead):
        self._context = world(plan, ahead=ahead)
        self.world = self._context.__enter__()

    def teardown(self):
        if self.world is not None:
            try:
                if self.world.is_sound:
                    self.world.come_to_rest()
            finally:
                self._context.__exit__(None, None, None)

    def tasks(self, *, human):
        known = self.world.plan.goals
        return [t for t in self.world.tasks if t.human is human and t.name in known]

    def message(self, index, messages):
        """Pick a message; where there is none, one that nobody sent."""
        task = pick(index, self.world.tasks)
        return pick(index, messages or [Message(task.pk, self.world.workflow.pk)])

    # Workers.

    @rule(index=PICKS, script=scripts(), stay=stays)
    def run(self, index, script, stay):
        self.world.deliver(self.message(index, self.world.broker.messages), script, stay=stay)

    @rule(index=PICKS, script=scripts(), stay=stays, crash=crashes, is_lost=st.booleans())
    def run_and_die(self, index, script, stay, crash, is_lost):
        message = self.message(index, self.world.broker.messages)
        self.world.deliver(message, script, stay=stay, crash=crash, is_lost=is_lost)

    @rule(
        index=PICKS,
        script=scripts(),
        stay=stays,
        begin=st.integers(0, 2),
        what=st.sampled_from(["cancel", "wake", "rerun", "override", "run", "sweep"]),
        mask=MASKS,
    )
    def run_while_somebody_acts(self, index, script, stay, begin, what, mask):
        message = self.message(index, self.world.broker.messages)
        visitors = {begin: lambda: self._act(what, message, mask)}
        self.world.deliver(message, script, stay=stay, visitors=visitors)

    def _act(self, what, message, mask):
        task = self.world.find(message.task_pk)
        if what == "cancel":
            self.world.cancel(task)
        elif what == "rerun":
            if not task.human:
                self.world.rerun(task)
        elif what == "override":
            self.world.override(self._choose(mask))
        elif what == "run":
            self.world.deliver(message)
        else:
            getattr(self.world, what)()

    @rule(index=PICKS, script=scripts(), stay=stays, is_known=st.booleans())
    def deliver_again(self, index, script, stay, is_known):
        taken = self.message(index, self.world.broker.taken)
        message = Message(taken.task_pk, taken.workflow_pk, redelivered=is_known)
        self.world.deliver(message, script, stay=stay)

    @rule(index=PICKS)
    def lose(self, index):
        if self.world.broker.messages:
            self.world.lose(pick(index, self.world.broker.messages))

    @rule(seconds=SECONDS)
    def pass_time(self, seconds):
        self.world.pass_time(seconds)

    @rule(crash=crashes)
    def sweep(self, crash):
        self.world.sweep(crash=crash)

    # People.

    @rule(index=PICKS, crash=crashes)
    def post(self, index, crash):
        tasks = self.tasks(human=True)
        if tasks:
            self.world.post(pick(index, tasks), crash=crash)

    @rule(index=PICKS, countdown=st.sampled_from([0, 0, 7, 90]), crash=crashes)
    def rerun(self, index, countdown, crash):
        tasks = self.tasks(human=False)
        if tasks:
            self.world.rerun(pick(index, tasks), countdown=countdown, crash=crash)

    @rule(index=PICKS, crash=crashes)
    def cancel(self, index, crash):
        self.world.cancel(pick(index, self.world.tasks), crash=crash)

    @rule(crash=crashes)
    def cancel_all(self, crash):
        self.world.cancel_all(crash=crash)

    @rule(mask=MASKS, seen=st.sampled_from([None, True, False]), crash=crashes)
    def override(self, mask, seen, crash):
        self.world.override(self._choose(mask), seen=seen, crash=crash)

    @rule(crash=crashes)
    def wake(self, crash):
        self.world.wake(crash=crash)

    def _choose(self, mask):
        goals = self.world.plan.goals
        return [name for bit, name in enumerate(goals) if mask >> bit & 1]


def test_all_promises_hold_after_each_step():
    run_state_machine_as_test(Instance, settings=MACHINE)
