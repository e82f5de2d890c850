"""A broker that keeps its messages in a list, and loses or repeats what it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field

RUNNER = "tests.unit.model.broker.take"


@dataclass(frozen=True)
class Message:
    """A message as a worker gets it.

    Args:
        task_pk: Key of the task.
        workflow_pk: Key of the instance.
        bounces: How often the instance was found locked.
        errors: How often the database failed.
        redelivered: A worker had it before and never came back.
        is_later: It is kept for some seconds.
    """

    task_pk: int
    workflow_pk: int
    bounces: int = 0
    errors: int = 0
    redelivered: bool = False
    is_later: bool = False


@dataclass
class Broker:
    """What was handed out and not taken by a worker, and what workers have had before."""

    messages: list[Message] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)


current = Broker()


def take(*, task_pk, workflow_pk, countdown, eta):
    """Keep a message: what the setting JOEFLOW_TASK_RUNNER names."""
    current.messages.append(Message(task_pk, workflow_pk, is_later=bool(countdown or eta)))
