"""Flows that do nothing, in as many steps."""

from django.db import transaction
from viewflow import this
from viewflow.workflow import STATUS, Activation, Flow, flow, lock
from viewflow.workflow.nodes.job import AbstractJob, AbstractJobActivation

from peer.tasks import run_job

LENGTH = 10


class JobActivation(AbstractJobActivation):
    @Activation.status.transition(source=STATUS.NEW, target=STATUS.SCHEDULED)
    def activate(self):
        """Send a message once the task can be seen."""
        self.task.save()
        pk = self.task.pk
        transaction.on_commit(lambda: run_job.delay(pk))


class Job(AbstractJob):
    activation_class = JobActivation


def make_flow(name, **nodes):
    """Return a flow class with these nodes."""
    attributes = {"__module__": __name__, "lock_impl": lock.select_for_update_lock, **nodes}
    return type(Flow)(name, (Flow,), attributes)


Chain = make_flow(
    "Chain",
    start=flow.StartHandle().Next(this.step_0),
    **{
        f"step_{n}": Job().Next(getattr(this, f"step_{n + 1}" if n + 1 < LENGTH else "end"))
        for n in range(LENGTH)
    },
    end=flow.End(),
)


def make_split():
    """Return the node that leads to all branches."""
    split = flow.Split()
    for number in range(LENGTH):
        split = split.Next(getattr(this, f"part_{number}"))
    return split


Split = make_flow(
    "Split",
    start=flow.StartHandle().Next(this.first),
    first=Job().Next(this.split),
    split=make_split(),
    **{f"part_{n}": Job().Next(this.meet) for n in range(LENGTH)},
    meet=flow.Join().Next(this.last),
    last=Job().Next(this.end),
    end=flow.End(),
)
