"""How PostgreSQL does what it is asked: which indexes it reads, and how many pages."""

import json
from contextlib import contextmanager

#: Statements that have no plan.
WITHOUT_PLAN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "EXPLAIN")


@contextmanager
def explain_statements(connection):
    """Give a list to which each statement of the block is added, with its plan."""
    plans = []

    def explain(execute, sql, params, many, context):
        words = sql.split()
        if words[0].upper() not in WITHOUT_PLAN:
            plans.append({"statement": " ".join(words), **_plan(connection, sql, params)})
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def _plan(connection, sql, params):
    # To explain it with what it has read is to execute it.
    with connection.connection.cursor() as cursor:
        cursor.execute("BEGIN" if connection.get_autocommit() else "SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
        cursor.execute(
            "ROLLBACK" if connection.get_autocommit() else "ROLLBACK TO SAVEPOINT explained"
        )
    [result] = found if isinstance(found, list) else json.loads(found)
    plan = result["Plan"]
    return {
        "nodes": sorted(_nodes(plan)),
        "rows": plan["Actual Rows"],
        "pages": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    }


def _nodes(plan):
    if "Relation Name" in plan or "Index Name" in plan:
        index = plan.get("Index Name")
        yield f"{plan['Node Type']}: {index or plan.get('Relation Name')}"
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
