"""A worker process: ``python -m dbos_app.worker``."""

import signal

from dbos import DBOS

from dbos_app.flows import QUEUE

DBOS.listen_queues([QUEUE])
DBOS.launch()
DBOS.register_queue(QUEUE)
print("ready", flush=True)
signal.pause()
