"""A runner that only remembers what it was given."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    task_pk: int
    workflow_pk: int
    countdown: float | None
    eta: object


calls: list[Call] = []


def record(*, task_pk, workflow_pk, countdown, eta):
    """Remember the call, and return it as the message system would return a result."""
    call = Call(task_pk, workflow_pk, countdown, eta)
    calls.append(call)
    return call


def broken(*, task_pk, workflow_pk, countdown, eta):
    """Fail as a client does whose broker is down."""
    raise ConnectionError("The broker is down.")


def eager(*, task_pk, workflow_pk, countdown, eta):
    """Run the task at once, as the eager modes of the message systems do."""
    from joeflow import engine

    return engine.run(task_pk, workflow_pk)
