"""The tables: those of joeflow 2.x, and what is new is no obstacle to older code."""

from contextlib import ExitStack, suppress
from io import StringIO
from unittest import mock

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from joeflow import engine, recovery
from joeflow.models import Event, Task
from joeflow.operations import AddColumn, AddIndex, AddManyToMany, AddTable, DropIndexes
from tests.processes import manage
from tests.testapp.models import Chain

pytestmark = pytest.mark.django_db

# Table: column: type, whether it may be empty. As migrations of joeflow 2.0.2 make them.
TABLES = {
    "joeflow_workflow": {
        "id": ("BigAutoField", False),
        "created": ("DateTimeField", False),
        "modified": ("DateTimeField", False),
    },
    "joeflow_task": {
        "id": ("BigAutoField", False),
        "name": ("CharField", False),
        "type": ("CharField", False),
        "status": ("CharField", False),
        "created": ("DateTimeField", False),
        "modified": ("DateTimeField", False),
        "completed": ("DateTimeField", True),
        "exception": ("TextField", False),
        "stacktrace": ("TextField", False),
        "workflow_id": ("BigIntegerField", False),
        "completed_by_user_id": ("IntegerField", True),
        "content_type_id": ("IntegerField", False),
    },
    "joeflow_task_assignees": {
        "id": ("BigAutoField", False),
        "task_id": ("BigIntegerField", False),
        "user_id": ("IntegerField", False),
    },
    "joeflow_task_parent_task_set": {
        "id": ("BigAutoField", False),
        "from_task_id": ("BigIntegerField", False),
        "to_task_id": ("BigIntegerField", False),
    },
}
NEW = {
    "joeflow_workflow": {"ended": ("DateTimeField", True), "paused": ("DateTimeField", True)},
    "joeflow_task": {
        "eta": ("DateTimeField", True),
        "attempts": ("IntegerField", False),
        "starts": ("IntegerField", False),
        "started": ("DateTimeField", True),
        "is_given": ("BooleanField", False),
        "due": ("DateTimeField", True),
        "snoozed_until": ("DateTimeField", True),
        "before": ("JSONField", True),
    },
}
#: Tables that joeflow 2.x does not have.
NEW_TABLES = {
    "joeflow_task_assigned_groups": {
        "id": ("BigAutoField", False),
        "task_id": ("BigIntegerField", False),
        "group_id": ("IntegerField", False),
    },
    "joeflow_event": {
        "id": ("BigAutoField", False),
        "kind": ("CharField", False),
        "created": ("DateTimeField", False),
        "text": ("TextField", False),
        "data": ("JSONField", False),
        "eta": ("DateTimeField", True),
        "workflow_id": ("BigIntegerField", False),
        "task_id": ("BigIntegerField", True),
        "user_id": ("IntegerField", True),
    },
    "joeflow_draft": {
        "id": ("BigAutoField", False),
        "data": ("JSONField", False),
        "modified": ("DateTimeField", False),
        "task_id": ("BigIntegerField", False),
        "user_id": ("IntegerField", False),
    },
}
INDEXES = {
    "joeflow_workflow": {
        "joeflow_workflow_created_2ed2ee1d",
        "joeflow_workflow_modified_58ad98f9",
    },
    "joeflow_task": {
        "joeflow_task_due",
        "joeflow_task_of_workflow",
        "joeflow_task_ordering",
    },
}
#: Those that are gone, since each transition wrote to all of them.
GONE = {
    "joeflow_task_name_327a8a69",
    "joeflow_task_type_4ebe5c9d",
    "joeflow_task_status_f093f581",
    "joeflow_task_created_f3580608",
    "joeflow_task_modified_a7cae80a",
    "joeflow_task_completed_1f0f3fa0",
}
#: Migration: a part of what it does on every database.
SHOWN = [
    ("0002", "ADD COLUMN"),
    ("0003", "joeflow_task_ordering"),
    ("0004", "joeflow_event"),
]
UNIQUE = {
    "joeflow_task_assignees": ["task_id", "user_id"],
    "joeflow_task_parent_task_set": ["from_task_id", "to_task_id"],
    "joeflow_task_assigned_groups": ["task_id", "group_id"],
    "joeflow_draft": ["task_id", "user_id"],
}
#: What a database cannot tell apart; and a user model may have big keys.
SAME = {
    "AutoField": "BigAutoField",
    "BigIntegerField": "IntegerField",
    "BooleanField": "IntegerField",
}


def same(kind):
    return SAME.get(kind, kind)


def columns(table):
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
        primary = connection.introspection.get_primary_key_columns(cursor, table)
    found = {}
    for column in described:
        kind = connection.introspection.get_field_type(column.type_code, column)
        if [column.name] == primary:
            kind = "BigAutoField"
        found[column.name] = (same(kind), bool(column.null_ok))
    return found


def constraints(table):
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, table)


def shape():
    """Return the columns and indexes of joeflow's tables."""
    there = connection.introspection.table_names()
    return {
        table: (columns(table), {name: it["columns"] for name, it in constraints(table).items()})
        for table in TABLES | NEW_TABLES
        if table in there
    }


@pytest.mark.parametrize("table", TABLES | NEW_TABLES)
def test_the_columns_are_those_of_joeflow_2_and_the_new_ones(table):
    expected = (TABLES | NEW_TABLES)[table] | NEW.get(table, {})

    assert columns(table) == {name: (same(kind), null) for name, (kind, null) in expected.items()}


@pytest.mark.parametrize("table", INDEXES)
def test_the_indexes(table):
    found = set(constraints(table))

    assert INDEXES[table] <= found
    assert not GONE & found


@pytest.mark.django_db(transaction=True)  # SQLite writes no migration within one
def test_the_indexes_of_joeflow_2_are_those_that_an_upgrade_finds():
    out = StringIO()

    call_command("sqlmigrate", "joeflow", "0001", stdout=out)

    assert {name for name in GONE if name in out.getvalue()} == GONE


@pytest.mark.parametrize("table", UNIQUE)
def test_links_are_unique(table):
    unique = [c["columns"] for c in constraints(table).values() if c["unique"]]

    assert UNIQUE[table] in unique


@pytest.mark.parametrize(
    ("table", "column", "other"),
    [
        ("joeflow_task", "workflow_id", ("joeflow_workflow", "id")),
        ("joeflow_task", "completed_by_user_id", ("auth_user", "id")),
        ("joeflow_task", "content_type_id", ("django_content_type", "id")),
        ("joeflow_task_parent_task_set", "from_task_id", ("joeflow_task", "id")),
        ("joeflow_task_parent_task_set", "to_task_id", ("joeflow_task", "id")),
        ("joeflow_task_assigned_groups", "task_id", ("joeflow_task", "id")),
        ("joeflow_event", "task_id", ("joeflow_task", "id")),
        ("joeflow_event", "workflow_id", ("joeflow_workflow", "id")),
        ("joeflow_event", "user_id", ("auth_user", "id")),
    ],
)
def test_references(table, column, other):
    keys = {
        tuple(c["columns"]): c["foreign_key"]
        for c in constraints(table).values()
        if c["foreign_key"]
    }

    assert keys[(column,)] == other


def test_what_is_due_is_found_by_an_index():
    assert constraints("joeflow_task")["joeflow_task_due"]["columns"] == ["status", "type", "eta"]


def test_the_models_have_no_changes_without_a_migration():
    out = StringIO()

    call_command("makemigrations", "joeflow", check=True, dry_run=True, stdout=out)

    assert "No changes detected" in out.getvalue()


class TestOlderCode:
    """Workers of joeflow 2.x may go on writing while a new version is rolled out."""

    @pytest.fixture
    def task_pk(self):
        workflow = Chain.start()
        workflow.task_set.get(name="first").cancel()
        content_type = ContentType.objects.get_for_model(Chain)
        values = {
            "name": "first",
            "type": "machine",
            "status": "scheduled",
            "created": "2026-01-01 00:00:00",
            "modified": "2026-01-01 00:00:00",
            "exception": "",
            "stacktrace": "",
            "workflow_id": workflow.pk,
            "content_type_id": content_type.pk,
        }
        marks = ", ".join(["%s"] * len(values))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO joeflow_task ({', '.join(values)}) VALUES ({marks})",
                list(values.values()),
            )
        return Task.objects.latest("pk").pk

    def test_it_can_write_tasks(self, task_pk):
        task = Task.objects.get(pk=task_pk)

        assert (task.eta, task.attempts, task.starts, task.started) == (None, 0, 0, None)

    def test_they_are_found_by_the_sweep(self, task_pk, handed_out):
        handed_out.clear()

        assert recovery.sweep() == 1

        assert handed_out[0].task_pk == task_pk

    def test_they_run(self, task_pk):
        task = Task.objects.get(pk=task_pk)

        engine.run(task.pk, task._workflow_id)

        assert Chain.objects.get().text == "123"

    def test_it_can_write_workflows(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO joeflow_workflow (created, modified) "
                "VALUES ('2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )


def statements(sql):
    """Return the lines that are not comments."""
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))


class TestOperations:
    """Each operation of a migration stands by itself."""

    @pytest.fixture
    def migrate(self, transactional_db):
        """Return a function that goes to a migration."""

        def go(name):
            call_command("migrate", "joeflow", name, verbosity=0)

        yield go
        go("0004")

    @pytest.mark.parametrize("count", [1, 3, 6, 9, 14, 15, 16])
    def test_a_migration_that_was_interrupted_goes_on(self, migrate, count):
        now = shape()
        migrate("0001")
        made = []

        def interrupted(forwards):
            def make(operation, *args):
                if len(made) == count:
                    raise KeyboardInterrupt
                made.append(forwards(operation, *args))

            return make

        with ExitStack() as stack:
            for kind in (AddColumn, AddIndex, DropIndexes, AddManyToMany, AddTable):
                make = interrupted(kind.database_forwards)
                stack.enter_context(mock.patch.object(kind, "database_forwards", make))
            with pytest.raises(KeyboardInterrupt):
                migrate("0004")
        assert shape() != now

        migrate("0004")

        assert shape() == now

    @pytest.mark.parametrize("state", ["0004", "0001"])
    @pytest.mark.parametrize(("name", "word"), SHOWN)
    def test_sqlmigrate_shows_what_is_to_be_done_whatever_is_done(self, migrate, state, name, word):
        migrate(state)
        out = StringIO()

        call_command("sqlmigrate", "joeflow", name, stdout=out)

        assert word in statements(out.getvalue())

    @pytest.mark.parametrize(("name", "word"), SHOWN)
    def test_sqlmigrate_shows_what_is_to_be_done_where_there_is_nothing(self, name, word):
        shown = manage("sqlmigrate", "joeflow", name, "--skip-checks")

        assert shown.returncode == 0, shown.stderr
        assert word in statements(shown.stdout)

    def test_no_row_is_looked_at_for_a_new_column(self, migrate):
        migrate("0001")
        out = StringIO()

        call_command("sqlmigrate", "joeflow", "0002", stdout=out)

        sql = statements(out.getvalue()).upper()
        assert "ADD COLUMN" in sql
        assert "CHECK" not in sql

    def test_there_and_back(self, migrate):
        now = shape()

        migrate("0001")
        assert shape() != now
        migrate("0004")

        assert shape() == now

    @pytest.mark.skipif("connection.features.can_rollback_ddl", reason="only MariaDB leaves such")
    def test_a_table_that_was_left_half_made_is_made_anew(self, migrate):
        now = shape()
        migrate("0003")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE joeflow_event (id integer)")

        migrate("0004")

        assert shape() == now

    def test_a_table_that_somebody_has_used_meanwhile_stays(self, migrate):
        """A process that runs newer code finds one of two tables, where a migration has stopped."""
        workflow = Chain.start()
        migrate("0003")

        def stop(operation, *args):
            raise KeyboardInterrupt

        with mock.patch.object(AddTable, "database_forwards", stop), suppress(KeyboardInterrupt):
            migrate("0004")
        task = workflow.task_set.first()
        task.assigned_groups.add(Group.objects.create(name="Stores"))

        migrate("0004")

        assert task.assigned_groups.exists()
        assert not Event.objects.exists()

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL leaves such")
    def test_an_index_that_was_left_half_built_is_built_anew(self, migrate):
        migrate("0002")
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX joeflow_task_due ON joeflow_task (name)")

        migrate("0003")

        assert constraints("joeflow_task")["joeflow_task_due"]["columns"][0] == "status"
