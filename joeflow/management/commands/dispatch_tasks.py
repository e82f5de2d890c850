"""Hand out what is due and got lost."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections

from joeflow.conf import settings
from joeflow.recovery import sweep


class Command(BaseCommand):
    """Runs the recovery: once, or again and again as a process of its own."""

    help = "Hand out the tasks that are due and were not handed out, or got lost on the way."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take ``--loop``."""
        parser.add_argument(
            "--loop",
            action="store_true",
            help="Go on until stopped, every JOEFLOW_SWEEP_SECONDS seconds.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once, or until SIGTERM or Ctrl-C.

        Raises:
            CommandError: The database does not answer, or a setting is no number.
        """
        if options["loop"]:
            self._loop(_read_seconds())
            return
        try:
            # Whoever asks once wants to know now; those of older versions may wait for nothing.
            count = sweep(join_rest=timedelta(0))
        except DatabaseError as error:
            raise CommandError(f"The sweep failed: {error}") from error
        self.stdout.write(f"Handed out {count} tasks.")

    def _loop(self, seconds: float) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            self._sweep_again()
            stop.wait(seconds)

    def _sweep_again(self) -> None:
        close_old_connections()
        try:
            count = sweep()
        except Exception as error:  # noqa: BLE001 - whatever failed now may work the next time
            self.stderr.write(f"The sweep failed and will be tried again: {error}")
        else:
            if count:
                self.stdout.write(f"Handed out {count} tasks.")


def _read_seconds() -> float:
    seconds: Any = settings.JOEFLOW_SWEEP_SECONDS
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < threading.TIMEOUT_MAX:
        raise CommandError(f"JOEFLOW_SWEEP_SECONDS is {seconds!r}; it must be a number of seconds.")
    return seconds
