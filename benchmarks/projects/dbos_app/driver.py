"""Starts workflows and says when they ended."""

from dbos import DBOS

from dbos_app.flows import QUEUE, chain

__all__ = ("count_ended", "ends", "migrate", "start", "start_here")


def migrate():
    """Make the tables."""
    DBOS.listen_queues([])
    DBOS.launch()
    DBOS.register_queue(QUEUE)


def start(shape, count):
    """Start instances, and return their keys."""
    return [DBOS.enqueue_workflow(QUEUE, chain).workflow_id for _ in range(count)]


def start_here(shape):
    """Run an instance in this process, as nothing is faster, and return its key."""
    handle = DBOS.start_workflow(chain)
    handle.get_result()
    return handle.workflow_id


def _ended(keys):
    return DBOS.list_workflows(workflow_ids=keys, status="SUCCESS", load_input=False)


def count_ended(shape, keys):
    """Return how many of these instances have ended."""
    return len(_ended(keys))


def ends(shape, keys):
    """Return the instants at which they ended, in seconds since the epoch."""
    return [status.completed_at / 1000 for status in _ended(keys)]
