"""The statements of the usual transitions: that there are few, which, and in what order."""

from unittest import mock

import pytest
from django.db import connection

from joeflow import engine, recovery
from joeflow.models import Task
from joeflow.transitions import transition
from tests.testapp.models import Branches, Chain, Long, SplitJoin

pytestmark = pytest.mark.django_db(transaction=True)

HAS_ROW_LOCKS = connection.features.has_select_for_update


def short(text):
    """Return what a statement does, and to which table."""
    words = text.split()
    table = {"SELECT": words[words.index("FROM") + 1] if "FROM" in words else ""}
    table |= {"INSERT": words[2], "UPDATE": words[1], "DELETE": words[2]}
    return f"{words[0]} {table[words[0]]}"


def summary(statements):
    return [short(text) for text in statements.data]


@pytest.fixture(autouse=True)
def no_history(monkeypatch):
    """Keep no history: django-reversion has statements of its own."""
    monkeypatch.setattr("joeflow.contrib.reversion.is_used", lambda: False)


@pytest.fixture
def chain():
    return Chain.start()  # this fills the cache of content types, too


def test_a_start_takes_five_statements(chain, statements):
    with statements:
        Chain.start()

    assert summary(statements) == [
        "INSERT joeflow_workflow",
        "INSERT testapp_chain",
        "INSERT joeflow_task",
        "INSERT joeflow_task",
        "INSERT joeflow_task_parent_task_set",
    ]
    assert len(statements.control) == 2


def test_a_transition_of_a_worker_takes_five_statements(chain, statements):
    task = chain.task_set.get(name="first")

    with mock.patch.object(Chain, "first", return_value=None), statements:
        engine.run(task.pk, chain.pk, stay=False)

    # First, which class it is; at last, what is still to be handed out: once per message.
    message, *transition, rest = summary(statements)
    lock_first = [] if HAS_ROW_LOCKS else ["UPDATE joeflow_workflow"]
    assert message == rest == "SELECT joeflow_task"
    assert transition == [
        *lock_first,
        "SELECT testapp_chain",
        "SELECT joeflow_task",
        "UPDATE joeflow_task",
        "INSERT joeflow_task",
        "INSERT joeflow_task_parent_task_set",
    ]
    assert len(statements.control) == 2


def run_branch(workflow, name, statements):
    """Run a task whose node does nothing, and return the statements of its transition."""
    task = workflow.task_set.open().get(name=name)
    with mock.patch.object(type(workflow), name, return_value=None), statements:
        engine.run(task.pk, workflow.pk, stay=False)
    _message, *transition = summary(statements)
    lock, *found = transition if HAS_ROW_LOCKS else transition[1:]
    assert lock.startswith("SELECT testapp_")
    return found


class TestBranches:
    """A transition before a join takes one statement more, as all open tasks are read."""

    @pytest.fixture
    def split(self, statements):
        workflow = SplitJoin.start()
        engine.run(workflow.task_set.get(name="split").pk, workflow.pk, stay=False)
        return workflow

    def test_the_first_one__creates_the_join(self, split, statements):
        assert run_branch(split, "batman", statements) == [
            "SELECT joeflow_task",
            "UPDATE joeflow_task",
            "SELECT joeflow_task",
            "INSERT joeflow_task",
            "INSERT joeflow_task_parent_task_set",
            "SELECT joeflow_task",  # what is due next, once per message
        ]

    def test_one_in_between__is_linked__and_who_has_arrived_is_read(self, statements):
        workflow = Branches.start()
        run_branch(workflow, "a", statements)

        assert run_branch(workflow, "b", statements) == [
            "SELECT joeflow_task",
            "UPDATE joeflow_task",
            "SELECT joeflow_task",
            "INSERT joeflow_task_parent_task_set",
            "SELECT joeflow_task_parent_task_set",
            "SELECT joeflow_task",
        ]

    def test_the_last_one__makes_the_join_due(self, split, statements):
        run_branch(split, "batman", statements)

        assert run_branch(split, "robin", statements) == [
            "SELECT joeflow_task",
            "UPDATE joeflow_task",
            "SELECT joeflow_task",
            "INSERT joeflow_task_parent_task_set",
            "UPDATE joeflow_task",
            "SELECT joeflow_task",
        ]


def test_each_step_of_a_stay_takes_five_statements_and_those_of_its_node(statements):
    workflow = Long.start(count=1)
    Long.objects.filter(pk=workflow.pk).update(count=4)
    task = workflow.task_set.get(name="step")

    with statements:
        engine.run(task.pk, workflow.pk)

    lock = 5 if HAS_ROW_LOCKS else 6
    save = 2  # of the node: two tables
    steps, last = 3, lock - 2 + 2  # the last one inserts nothing, and ends the instance
    assert len(statements.data) == 1 + steps * (lock + save) + last + save
    assert len(statements.control) == 2 * 4


def locks(statements):
    return [text for text in statements.data if " FOR " in text]


STRENGTH = {"postgresql": "FOR NO KEY UPDATE", "mysql": "FOR UPDATE"}


def test_a_person_s_lock_is_of_the_base_row_alone(chain, statements):
    with statements, transition(Task, chain.pk):
        pass

    (lock,) = statements.data
    if HAS_ROW_LOCKS:
        assert lock == (
            "SELECT joeflow_workflow.id AS pk FROM joeflow_workflow "
            f"WHERE joeflow_workflow.id = {chain.pk} {STRENGTH[connection.vendor]} NOWAIT"
        )
    else:
        assert statements.texts[0] == "BEGIN IMMEDIATE"
        assert (
            statements.texts[1]
            == lock
            == (
                "UPDATE joeflow_workflow SET modified = joeflow_workflow.modified "
                f"WHERE joeflow_workflow.id = ({chain.pk})"
            )
        )


def test_a_worker_s_lock_does_not_wait_and_reads_only_what_it_locks(chain, statements):
    task = chain.task_set.get(name="first")

    with statements:
        engine.run(task.pk, chain.pk, stay=False)

    if HAS_ROW_LOCKS:
        (lock,) = locks(statements)
        assert lock.endswith(f"{STRENGTH[connection.vendor]} NOWAIT")
        tables = {table for table in connection.introspection.table_names() if table in lock}
        assert tables == {"joeflow_workflow", "testapp_chain"}
    else:
        begin = statements.texts.index("BEGIN IMMEDIATE")
        assert statements.texts[begin + 1].startswith("UPDATE joeflow_workflow SET modified")


def test_the_sweep_skips_what_is_locked_and_locks_base_rows_alone(chain, statements):
    Task.objects.filter(name="first").update(attempts=0)

    with statements:
        assert recovery.sweep() == 1

    if HAS_ROW_LOCKS:
        (lock,) = locks(statements)
        assert lock == (
            "SELECT joeflow_workflow.id AS pk FROM joeflow_workflow "
            f"WHERE joeflow_workflow.id IN ({chain.pk}) "
            f"{STRENGTH[connection.vendor]} SKIP LOCKED"
        )
    else:
        begin = statements.texts.index("BEGIN IMMEDIATE")
        assert statements.texts[begin + 1].startswith("UPDATE joeflow_workflow SET modified")


def test_a_lock_is_taken_once(chain, statements):
    with transition(Task, chain.pk), statements:
        task = chain.task_set.get(name="first")
        task.finish()
        task.start_next_tasks()

    assert not any("FOR " in text for text in statements.texts)
    assert not any(text.startswith("UPDATE joeflow_workflow") for text in statements.texts)


def test_a_split_of_many_takes_no_more_statements(statements):
    workflow = SplitJoin.start()
    task = workflow.task_set.get(name="split")

    with statements:
        engine.run(task.pk, workflow.pk, stay=False)

    inserts = [text for text in summary(statements) if text.startswith("INSERT")]
    assert inserts == ["INSERT joeflow_task", "INSERT joeflow_task_parent_task_set"]
