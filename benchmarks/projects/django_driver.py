"""What the drivers of the Django projects have in common."""

import time

from django.core.management import call_command
from worker import app

__all__ = ("app", "migrate", "wait_for")  # whoever sends a message needs the application


def migrate():
    """Make the tables."""
    call_command("migrate", run_syncdb=True, verbosity=0)


def wait_for(condition, seconds):
    """Return what the condition returns as soon as that is true."""
    until = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > until:
            raise TimeoutError(f"after {seconds} s this is still not so: {condition}")
        time.sleep(0.02)
    return result
