"""Statements that are written once: they ask for and write what the ORM would, each time."""

from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, models
from django.db.models.sql.compiler import SQLCompiler, SQLInsertCompiler, SQLUpdateCompiler

from joeflow import engine
from joeflow.clock import DatabaseNow
from joeflow.locks import load_locked
from joeflow.models import Task
from joeflow.prepared import MOST_ROWS, Insert, Parameter, Select, Update, utc_offset
from tests.testapp.models import Chain

pytestmark = pytest.mark.django_db


NAMED = Select(lambda using, model: model.objects.using(using).filter(name=Parameter("name")))
RENAME = Update(
    lambda using, model: (
        model.objects.using(using).filter(pk=Parameter("pk")),
        {"name": Parameter("name"), "modified": DatabaseNow(timedelta(hours=-1))},
    )
)


@pytest.fixture
def workflow():
    return Chain.start()


def test_the_values_are_others_each_time(workflow):
    start, first = workflow.task_set.order_by("pk")

    assert NAMED.read("default", Task, name="start") == [start]
    assert NAMED.read("default", Task, name="first") == [first]
    assert NAMED.read("default", Task, name="nobody") == []


def test_an_instance_is_as_the_orm_reads_it(workflow):
    (read,) = NAMED.read("default", Task, name="first")
    loaded = Task.objects.get(name="first")

    columns = [field.attname for field in Task._meta.concrete_fields]
    assert {c: read.__dict__[c] for c in columns} == {c: loaded.__dict__[c] for c in columns}
    assert read._state.db == "default"
    assert not read._state.adding


def test_what_is_put_off_is_read_when_it_is_asked_for(workflow):
    select = Select(lambda using, model: model.objects.using(using).only("pk").order_by("pk"))

    task = select.read("default", Task)[0]

    assert task.get_deferred_fields()
    assert task.name == "start"


def test_an_update_changes_the_named_row_alone(workflow):
    start, first = workflow.task_set.order_by("pk")

    assert RENAME.send("default", Task, pk=first.pk, name="other") == 1
    assert RENAME.send("default", Task, pk=0, name="other") == 0

    assert [task.name for task in Task.objects.order_by("pk")] == ["start", "other"]
    start.refresh_from_db()
    first.refresh_from_db()
    assert first.modified < start.modified


@pytest.mark.parametrize("count", [1, 2, MOST_ROWS, MOST_ROWS + 1])
def test_rows_are_inserted_and_given_their_keys(workflow, count):
    old = workflow.task_set.get(name="first")
    values = {"content_type_id": old.content_type_id, "_workflow_id": workflow.pk, "type": old.type}
    tasks = [Task(name=f"task {n}", exception="'%s'", **values) for n in range(count)]

    Insert().save("default", Task, tasks)

    for number, task in enumerate(tasks):
        loaded = Task.objects.get(pk=task.pk)
        assert (loaded.name, loaded.exception) == (f"task {number}", "'%s'")
        assert loaded.created == task.created
        assert not task._state.adding


def test_nothing_is_inserted_where_there_is_nothing():
    assert Insert().insert("default", Task, []) == []


def test_a_database_that_returns_no_keys_has_bulk_create(workflow):
    old = workflow.task_set.get(name="first")
    task = Task(name="new", _workflow_id=workflow.pk, content_type_id=old.content_type_id)

    features = type(connection.features)
    with mock.patch.object(features, "can_return_rows_from_bulk_insert", False):
        Insert().save("default", Task, [task])

    assert Task.objects.filter(name="new").exists()


@pytest.mark.django_db(transaction=True)
def test_a_step_of_a_worker_has_nothing_written_by_the_orm(monkeypatch):
    monkeypatch.setattr("joeflow.contrib.reversion.is_used", lambda: False)

    def run():
        workflow = Chain.start()
        pk = workflow.task_set.get(name="first").pk
        with mock.patch.object(Chain, "first", return_value=None), written() as compilers:
            engine.run(pk, workflow.pk, stay=False)
        return compilers

    run()  # the first time, all are written

    assert run() == []


@contextmanager
def written():
    """Give the names of the compilers that wrote a statement in the block."""
    names = []

    def watch(kind):
        as_sql = kind.as_sql

        def wrapper(compiler, *args, **options):
            names.append(type(compiler).__name__)
            return as_sql(compiler, *args, **options)

        return mock.patch.object(kind, "as_sql", wrapper)

    with watch(SQLCompiler), watch(SQLUpdateCompiler), watch(SQLInsertCompiler):
        yield names


def test_where_the_database_knows_no_zones_a_statement_of_the_winter_is_not_sent_in_summer(
    workflow,
):
    write = mock.Mock(side_effect=lambda using, model: model.objects.using(using))
    select = Select(write)
    with mock.patch("joeflow.prepared.utc_offset", return_value=timedelta(hours=1)):
        select.read("default", Task)
        select.read("default", Task)
    assert write.call_count == 1

    with mock.patch("joeflow.prepared.utc_offset", return_value=timedelta(hours=2)):
        select.read("default", Task)

    assert write.call_count == 2


def test_the_offset_is_that_of_time_zone_where_instants_are_naive(settings):
    settings.TIME_ZONE = "Asia/Kolkata"

    assert utc_offset(connection) == timedelta(0)
    assert utc_offset(mock.Mock(timezone=None)) == timedelta(hours=5, minutes=30)


class OnlyMine(models.Manager):
    """Shows what somebody may see; who that is, is another one each time."""

    hidden = frozenset()

    def get_queryset(self):
        return super().get_queryset().exclude(pk__in=self.hidden)


def test_a_manager_that_looks_at_more_than_the_class_is_asked_each_time(workflow):
    manager = OnlyMine()
    manager.model, manager._db = Chain, "default"
    with mock.patch.dict(vars(Chain._meta), base_manager=manager):
        assert load_locked(manager.all(), workflow.pk) == workflow

        manager.hidden = {workflow.pk}
        assert load_locked(manager.all(), workflow.pk) is None
