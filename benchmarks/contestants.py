"""Who is measured: in which environment, with which project, and with which workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Workers, or threads of one, for everybody.
PROCESSES = 2
CELERY = (
    *("-m", "celery", "-A", "worker", "worker", "--loglevel", "INFO"),
    *("--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle"),
)
DRAMATIQ = (*("-m", "django", "rundramatiq", "--processes", str(PROCESSES), "--threads", "1"),)
DJANGO_TASKS = ("-m", "django", "db_worker", "--queue-name", "*")
DBOS = ("-m", "dbos_app.worker")
REUSE = {"BENCH_REUSE": "1000000"}


@dataclass(frozen=True)
class Contestant:
    """One that is measured.

    Args:
        name: What it is called in the tables.
        project: Its folder among the projects.
        requirements: What it is installed from, in an environment of its own; nothing: ours.
        worker: Arguments of Python that start its workers.
        workers: How many such processes.
        environment: Variables that say what is special about it.
        shapes: Which workflows it knows.
        source: A folder with a joeflow to use instead of the one that is installed.
    """

    name: str
    project: str
    requirements: tuple[str, ...] = ()
    worker: tuple[str, ...] = CELERY
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    shapes: tuple[str, ...] = ("chain", "split")
    source: str = ""


DJANGO = ("Django>=5.2,<5.3", "psycopg[binary]", "celery[redis]>=5.7")

FLOOR = Contestant("floor", "floor", environment=REUSE, shapes=("chain",))
FLOOR_AT_ONCE = Contestant(
    "floor, all in one message", "floor", environment=REUSE, shapes=("chain_in_one_message",)
)
OURS = Contestant("joeflow", "ours", environment=REUSE)
PREPARED = REUSE | {"BENCH_PREPARED": "1"}
FLOOR_PREPARED = Contestant(
    "floor, prepared statements", "floor", environment=PREPARED, shapes=("chain",)
)
OURS_PREPARED = Contestant("joeflow, prepared statements", "ours", environment=PREPARED)
OURS_AS_IT_COMES = Contestant("joeflow, no setting", "ours")
OURS_ONE_STEP = Contestant(
    "joeflow, one step per message", "ours", environment=REUSE | {"BENCH_STAY": "0"}
)
OURS_ONE_STEP_PREPARED = Contestant(
    "joeflow, one step per message, prepared statements",
    "ours",
    environment=PREPARED | {"BENCH_STAY": "0"},
)
SECOND_AS_IT_COMES = Contestant("joeflow 2.0.2, no setting", "ours", ("joeflow==2.0.2", *DJANGO))
SECOND = Contestant("joeflow 2.0.2", "ours", ("joeflow==2.0.2", *DJANGO), environment=REUSE)
VIEWFLOW = Contestant("viewflow", "peer", ("django-viewflow==2.4.0", *DJANGO), environment=REUSE)
DBOS_ITSELF = Contestant(
    "DBOS", "dbos_app", ("dbos==3.4.0",), worker=DBOS, workers=PROCESSES, shapes=("chain",)
)
OURS_ON_DRAMATIQ = Contestant(
    "joeflow on Dramatiq", "ours", worker=DRAMATIQ, environment={"BENCH_RUNNER": "dramatiq"}
)
OURS_ON_DJANGO_TASKS = Contestant(
    "joeflow on Django Tasks",
    "ours",
    worker=DJANGO_TASKS,
    workers=PROCESSES,
    environment={"BENCH_RUNNER": "django_tasks"},
)

ALL = (
    FLOOR,
    FLOOR_AT_ONCE,
    FLOOR_PREPARED,
    OURS,
    OURS_PREPARED,
    OURS_AS_IT_COMES,
    OURS_ONE_STEP,
    OURS_ONE_STEP_PREPARED,
    SECOND_AS_IT_COMES,
    SECOND,
    VIEWFLOW,
    DBOS_ITSELF,
    OURS_ON_DRAMATIQ,
    OURS_ON_DJANGO_TASKS,
)
