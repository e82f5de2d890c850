"""Let Python sleep under libfaketime, whose clock_nanosleep() refuses instants since Python 3.11.

Python imports this by its name when it starts, where this folder is on its path.
"""

import select
import time


def sleep(seconds):
    select.select([], [], [], seconds)


time.sleep = sleep
