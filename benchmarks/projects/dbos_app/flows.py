"""Workflows that do nothing, in as many steps."""

import logging
import os

from dbos import DBOS

LENGTH = 10
QUEUE = "bench"
URL = "postgresql://{BENCH_USER}@127.0.0.1:{BENCH_DATABASE_PORT}/{BENCH_DATABASE}"

logging.getLogger("dbos").setLevel(logging.WARNING)
DBOS(
    config={
        "name": "bench",
        "system_database_url": URL.format_map(os.environ),
        "application_version": "1",
        "log_level": "WARNING",
        "executor_id": str(os.getpid()),
    }
)


@DBOS.step()
def step(number):
    """Do nothing."""


@DBOS.workflow()
def chain():
    """Take the steps one after the other."""
    for number in range(LENGTH):
        step(number)
