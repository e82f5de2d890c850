"""Actors that meet at a named point of the code."""

import threading
import time
from functools import wraps

from django.db import connection
from django.utils.module_loading import import_string

from tests.integration.conftest import LIMIT, count_blocked

#: Time between two questions who waits for a lock: MariaDB tells nothing new to whoever asks more.
MOMENT = 0.2


class Race:
    """Runs actors in threads, and keeps each at a point until no other can come there any more.

    An actor can come no more where it has come, has ended, or waits for a lock of the database:
    this is what the protection does with it. So nothing depends on who is fast.
    """

    def __init__(self, threads, monkeypatch):
        self._threads = threads
        self._monkeypatch = monkeypatch
        self._actors = threading.local()
        self._changed = threading.Condition()
        self._go = threading.Event()
        self._parties = self._came = self._ended = 0

    def meet_at(self, *points):
        """Let each actor wait for the others as soon as it comes to one of the points.

        Args:
            points: Dotted paths of functions; whoever calls one waits before it begins.
        """
        for point in points:
            owner, _, name = point.rpartition(".")
            original = getattr(import_string(owner), name)
            self._monkeypatch.setattr(point, self.meeting(original))

    def meeting(self, function):
        """Return the function, which waits for the other actors first."""

        @wraps(function)
        def meet(*args, **kwargs):
            self._meet()
            return function(*args, **kwargs)

        return meet

    def _meet(self):
        if not getattr(self._actors, "is_on_its_way", False):
            return  # it has met the others, or is nobody of the race
        self._actors.is_on_its_way = False
        self._count("_came")
        assert self._go.wait(LIMIT), "nobody let the actors go on"

    def _count(self, name):
        with self._changed:
            setattr(self, name, getattr(self, name) + 1)
            self._changed.notify_all()

    def in_between(self, actor):
        """Return an actor that begins when all others have come, and ends before they go on."""

        def wait_and_act():
            with self._changed:
                others_came = lambda: self._came + self._ended >= self._parties - 1  # noqa: E731
                assert self._changed.wait_for(others_came, LIMIT), "the others do not come"
            return actor()

        return wait_and_act

    def run(self, *actors):
        """Run the actors against each other.

        Returns:
            What each has returned, or the exception that it has raised.
        """
        self._parties, self._came, self._ended = len(actors), 0, 0
        self._go.clear()
        futures = [self._threads.start(self._act, actor) for actor in actors]
        try:
            self._wait_until_nobody_comes()
        finally:
            self._go.set()
        return [future.result(LIMIT) for future in futures]

    def _act(self, actor):
        self._actors.is_on_its_way = True
        try:
            return actor()
        except Exception as error:  # noqa: BLE001 - what went wrong is for the test to judge
            return error
        finally:
            # Whoever was released and ends afterwards has been counted as one that came.
            if self._actors.is_on_its_way:
                self._count("_ended")

    def _wait_until_nobody_comes(self):
        until = time.monotonic() + LIMIT
        while not self._all_came(blocked=0, timeout=MOMENT):
            if self._all_came(blocked=count_blocked(connection), timeout=0):
                return
            assert time.monotonic() < until, "an actor neither comes nor waits for a lock"

    def _all_came(self, *, blocked, timeout):
        with self._changed:
            return self._changed.wait_for(
                lambda: self._came + self._ended + blocked >= self._parties, timeout
            )
