"""Years of instances, written by PostgreSQL itself: the indexes come last."""

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from ours.models import LENGTH, Chain, Form

from joeflow.models import Task, Workflow

#: Tasks of an instance: its start, and its steps but the last.
TASKS = LENGTH
#: One of so many instances waits for a person, has failed, or waits for a time to come.
WAITING, FAILED, LATER = 100, 1000, 1001
#: As many of the first ones have failed besides, so that a page of such is full everywhere.
FULL_PAGE = 500
TABLES = (
    Workflow._meta.db_table,
    Chain._meta.db_table,
    Form._meta.db_table,
    Task._meta.db_table,
    Task.parent_task_set.through._meta.db_table,
)

#: Instance n began n seconds before the last one; its tasks took a tenth of a second each.
_INSTANCES = """
INSERT INTO joeflow_workflow (id, created, modified, ended)
SELECT n, began, began, CASE WHEN NOT {has_open} THEN began + interval '1 s' END
FROM generate_series(1, %(count)s) n, LATERAL (SELECT {began} AS began) b
"""
_CHAINS = "INSERT INTO ours_chain SELECT n FROM generate_series(1, %(count)s) n WHERE {is_chain}"
_FORMS = "INSERT INTO ours_form SELECT n FROM generate_series(1, %(count)s) n WHERE {is_form}"
_TASKS = """
INSERT INTO joeflow_task (id, workflow_id, content_type_id, name, type, status, created, modified,
                          completed, exception, stacktrace, eta, attempts, starts, started)
SELECT (n - 1) * {tasks} + k, n,
       CASE WHEN {is_chain} THEN %(chain)s ELSE %(form)s END,
       CASE WHEN k = 1 THEN 'start' WHEN is_open AND {is_form} THEN 'sign'
            ELSE 'step_' || k - 2 END,
       CASE WHEN is_open AND {is_form} THEN 'human' ELSE 'machine' END,
       CASE WHEN NOT is_open THEN 'succeeded' WHEN {has_failed} THEN 'failed'
            ELSE 'scheduled' END,
       began, began, CASE WHEN NOT is_open THEN began END, '', '',
       CASE WHEN is_open AND n %% {later} = 0 THEN now() + interval '1 year'
            WHEN NOT is_open THEN began END,
       1, 0, NULL
FROM generate_series(1, %(count)s) n, generate_series(1, {tasks}) k,
     LATERAL (SELECT {began} + k * interval '0.1 s' AS began,
                     k = {tasks} AND {has_open} AS is_open) b
"""
_LINKS = """
INSERT INTO joeflow_task_parent_task_set (from_task_id, to_task_id)
SELECT (n - 1) * {tasks} + k + 1, (n - 1) * {tasks} + k
FROM generate_series(1, %(count)s) n, generate_series(1, {tasks} - 1) k
"""
_IS_FORM = f"n %% {WAITING} = 0"
_HAS_FAILED = f"(n <= {FULL_PAGE} AND n %% {WAITING} > 0 OR n %% {FAILED} = 1)"
_WORDS = {
    "tasks": TASKS,
    "later": LATER,
    "began": "now() - (%(count)s - n) * interval '1 s' - interval '1 minute'",
    "is_form": _IS_FORM,
    "is_chain": f"NOT ({_IS_FORM})",
    "has_failed": _HAS_FAILED,
    "has_open": f"({_IS_FORM} OR {_HAS_FAILED} OR n %% {LATER} = 0)",
}


def fill(count):
    """Write so many instances with ten tasks each, and gather the statistics for the planner."""
    types = ContentType.objects.get_for_models(Chain, Form)
    values = {"count": count, "chain": types[Chain].pk, "form": types[Form].pk}
    with connection.cursor() as cursor:
        made_again = _drop_indexes(cursor)
        for statement in (_INSTANCES, _CHAINS, _FORMS, _TASKS, _LINKS):
            cursor.execute(statement.format(**_WORDS), values)
        for statement in made_again:
            cursor.execute(statement)
        for table in ("joeflow_workflow", "joeflow_task"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("CHECKPOINT")


def _drop_indexes(cursor):
    """Drop all indexes and references but primary keys, and return what makes them again."""
    cursor.execute(
        "SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname),"
        "       format('ALTER TABLE %%I ADD CONSTRAINT %%I ', t.relname, c.conname)"
        "       || pg_get_constraintdef(c.oid)"
        " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
        " WHERE t.relname = ANY(%s) AND c.contype IN ('f', 'u') ORDER BY c.contype DESC",
        [list(TABLES)],
    )
    constraints = cursor.fetchall()
    for drop, _ in constraints:
        cursor.execute(drop)
    cursor.execute(
        "SELECT format('DROP INDEX %%I', indexname), indexdef FROM pg_indexes"
        " WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'",
        [list(TABLES)],
    )
    indexes = cursor.fetchall()
    for drop, _ in indexes:
        cursor.execute(drop)
    return [make for _, make in [*indexes, *reversed(constraints)]]


def size():
    """Return the bytes of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0]
