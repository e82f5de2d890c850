"""One sweep in a process of its own, which says when it has looked and claims when it is told to.

Called by test_recovery.py with the name of the test database, the file that notes each hand-out,
and perhaps the word "bare", for a sweep that does not look again.
"""

import os
import sys

import django
from django.conf import settings

BARE = "bare"


def note(*, task_pk, **_):
    """Note in a file what was handed out; one write, so that processes do not mix."""
    file = os.open(os.environ["JOEFLOW_TEST_NOTES"], os.O_WRONLY | os.O_APPEND)
    os.write(file, f"{task_pk}\n".encode())
    os.close(file)


def main(database, notes, *words):
    """Sweep once."""
    os.environ["JOEFLOW_TEST_NOTES"] = notes
    django.setup()
    settings.DATABASES["default"]["NAME"] = database
    settings.JOEFLOW_TASK_RUNNER = f"{__spec__.name}.note"

    from joeflow import recovery

    lock_unlocked = recovery.lock_unlocked

    def wait_for_the_others(workflow_pks, using):
        print("ready", flush=True)
        sys.stdin.readline()
        return workflow_pks if BARE in words else lock_unlocked(workflow_pks, using)

    recovery.lock_unlocked = wait_for_the_others
    if BARE in words:
        # Without the lock, that they claim at the same instant must be forced, too.
        claim_what_was_found(recovery)
    recovery.sweep()


def claim_what_was_found(recovery):
    """Let the sweep believe in what it read at first."""
    overdue, found = recovery._overdue, []

    def read_once(using):
        if not found:
            found.append(list(overdue(using).values_list("pk", flat=True)))
            return overdue(using)
        return recovery.Task.objects.filter(pk__in=found[0])

    recovery._overdue = read_once


if __name__ == "__main__":
    main(*sys.argv[1:])
