"""What is said after a commit: a line in the log, and a signal for whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal

__all__ = ("Announcement",)

logger = logging.getLogger("joeflow")


@dataclass(frozen=True)
class Announcement:
    """Something that has happened to an instance.

    Args:
        signal: The signal, if there is one.
        event: What is said in the log.
        sender: The workflow class; None where the code has none any more.
        fields: What is said in the log besides; the signal is sent with key and name of the task.
        to: The users and groups whom it concerns, if it is not for all.
    """

    signal: Signal | None
    event: str
    sender: Any
    fields: dict[str, Any]
    to: Sequence[Any] | None = None

    def is_of(self, signal: Signal, task: Any) -> bool:
        """Tell whether it is this signal, about this task."""
        return self.signal is signal and self.fields.get("task_pk") == task.pk

    def make(self, workflow_pk: int, using: str) -> None:
        """Write the log line and send the signal.

        Args:
            workflow_pk: Key of the instance.
            using: Alias of the database.
        """
        logger.info(
            "event=%s workflow=%s workflow_pk=%s%s",
            self.event,
            self.sender._meta.label if self.sender else None,
            workflow_pk,
            "".join(f" {key}={value}" for key, value in self.fields.items()),
        )
        if self.signal is not None:
            keys = {key: self.fields[key] for key in ("task_pk", "name") if key in self.fields}
            self.signal.send_robust(self.sender, workflow_pk=workflow_pk, using=using, **keys)
