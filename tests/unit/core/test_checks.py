"""What manage.py check says: each id, with its whole message."""

from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core import checks
from django.db import connection, connections, models
from django.test.utils import isolate_apps
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

from joeflow import tasks
from joeflow.checks.databases import check_databases, check_deployment
from joeflow.checks.definitions import check_definitions
from joeflow.checks.deployment import LOGIN_MIDDLEWARE, check_login
from joeflow.checks.runners import check_runner
from joeflow.checks.settings_values import check_settings
from joeflow.checks.urls import check_urls
from joeflow.models import Workflow
from joeflow.views import TaskViewMixin
from tests.testapp.models import Approval, Chain, Deadline, GreetingWorkflow, Guarded, Purchase
from tests.testapp.workflows_core import Desk

isolated = isolate_apps("tests.testapp")
DAY = timedelta(days=1)


class InTestapp:
    app_label = "testapp"


@pytest.fixture
def check(monkeypatch):
    """Return a function that checks these workflow classes alone."""

    def run(*workflows, check=check_definitions):
        for module in ("definitions", "deployment", "urls", "databases"):
            monkeypatch.setattr(f"joeflow.checks.{module}.get_workflows", lambda: iter(workflows))
        return check()

    return run


def error(text, hint, obj, number):
    return checks.Error(text, hint=hint, obj=obj, id=f"joeflow.E{number:03}")


def warning(text, hint, obj, number):
    return checks.Warning(text, hint=hint, obj=obj, id=f"joeflow.W{number:03}")


def test_the_workflows_of_the_tests_are_in_order(check):
    assert check(Chain) == []


def test_they_are_registered():
    registered = checks.registry.registry.get_checks()

    assert {check_definitions, check_urls, check_runner, check_settings, check_databases} <= set(
        registered
    )


def test_an_app_can_be_checked_alone(check):
    from django.apps import apps

    with isolated:

        class Unstarted(Workflow):
            Meta = InTestapp
            join = tasks.Join()

            def work(self): ...

            edges = [(join, work)]

        check(Unstarted)
        assert [m.id for m in check_definitions([apps.get_app_config("testapp")])] == [
            "joeflow.E004"
        ]
        check(Unstarted)
        assert check_definitions([apps.get_app_config("auth")]) == []


class TestNames:
    def messages(self, check, name, **attributes):
        with isolated:
            start = tasks.Start()

            def work(self): ...

            attributes = {
                "__module__": __name__,
                "Meta": InTestapp,
                "start": start,
                name: work,
                "edges": [(start, work)],
                **attributes,
            }
            workflow = type(Workflow)("Named", (Workflow,), attributes)
            return workflow, check(workflow)

    @pytest.mark.parametrize(
        ("name", "by"),
        [
            ("modified", "the model field 'modified'"),
            ("override", "the tasks that stand for an override"),
            ("detail", "the URL of the detail view"),
            ("save", "Workflow.save"),
            ("get_node", "Workflow.get_node"),
            ("edges_", None),
            ("cancel", None),
            ("wake", None),
        ],
    )
    def test_names_that_are_taken(self, check, name, by):
        workflow, messages = self.messages(check, name)

        assert messages == (
            []
            if by is None
            else [
                error(
                    f"testapp.Named.{name} has a name that is taken by {by}.",
                    f"Rename the task {name}.",
                    workflow,
                    1,
                )
            ]
        )

    def test_a_task_may_be_named_detail_where_there_is_no_such_page(self, check):
        _, messages = self.messages(check, "detail", detail_view=None)

        assert messages == []

    @isolated
    def test_a_manager(self, check):
        class Managed(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            people = models.Manager()

            def work(self): ...

            edges = [(start, work)]

        graph = Managed._graph
        with mock.patch.object(Managed, "_graph") as patched:
            patched.starts, patched.reachable = graph.starts, {"start", "people"}
            patched.nodes = {"people": graph.nodes["work"]}
            messages = check(Managed)

        assert messages == [
            error(
                "testapp.Managed.people has a name that is taken by the manager 'people'.",
                "Rename the task people.",
                Managed,
                1,
            )
        ]


class TestNodes:
    @isolated
    def test_generators_and_coroutines(self, check):
        class Lazy(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def generate(self):
                yield

            async def wait(self): ...

            async def both(self):
                yield

            edges = [(start, generate), (start, wait), (start, both)]

        assert check(Lazy) == [
            error(
                f"testapp.Lazy.{name} is a generator or a coroutine function.",
                "A task must be a plain method, without 'yield' and without 'async'.",
                Lazy,
                2,
            )
            for name in ("generate", "wait", "both")
        ]

    @isolated
    def test_a_callable_object_that_is_lazy(self, check):
        class Lazy:
            def __call__(self, workflow):
                yield

        class Objects(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            lazy = Lazy()
            edges = [(start, lazy)]

        assert [message.id for message in check(Objects)] == ["joeflow.E002"]

    @isolated
    def test_joins_that_wait_for_strangers(self, check):
        class Joined(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            join = tasks.Join("start", "finish", "begin")
            lonely = tasks.Join("nobody")

            def end(self): ...

            edges = [(start, join), (lonely, end)]

        assert check(Joined) == [
            error(
                "testapp.Joined.join waits for 'begin', 'finish', but has no edge from there.",
                "The edges to join come from: start.",
                Joined,
                3,
            ),
            error(
                "testapp.Joined.lonely waits for 'nobody', but has no edge from there.",
                "The edges to lonely come from: nowhere.",
                Joined,
                3,
            ),
            warning(
                "testapp.Joined.lonely is reached from no start.",
                "Add an edge that leads to lonely, or leave it out of the edges.",
                Joined,
                5,
            ),
            warning(
                "testapp.Joined.end is reached from no start.",
                "Add an edge that leads to end, or leave it out of the edges.",
                Joined,
                5,
            ),
        ]

    @isolated
    def test_field_with_a_name_of_the_override_form(self, check):
        class Shadowed(Workflow):
            Meta = InTestapp
            open_tasks = models.TextField()
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work)]

        assert check(Shadowed) == [
            error(
                "testapp.Shadowed has a field 'open_tasks', which is a name in the form to "
                "override it.",
                "Rename the field: the form would write the choice of tasks into it.",
                Shadowed,
                18,
            )
        ]

    @isolated
    def test_edge_back_to_a_start(self, check):
        class Circle(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work), (work, start)]

        assert check(Circle) == [
            error(
                "testapp.Circle has an edge from work back to its start start.",
                "A start makes a new instance. Lead the edge to the task after it instead.",
                Circle,
                16,
            )
        ]

    @isolated
    def test_no_start(self, check):
        class Unstarted(Workflow):
            Meta = InTestapp

            def work(self): ...

            def rest(self): ...

            edges = [(work, rest)]

        assert check(Unstarted) == [
            error(
                "testapp.Unstarted has no start.",
                "Add tasks.Start() or tasks.StartView(fields=[…]) to the edges.",
                Unstarted,
                4,
            )
        ]

    @isolated
    def test_something_that_is_neither(self, check):
        class Thing:
            def __repr__(self):
                return "<thing>"

        class Odd(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            thing = Thing()
            strange = tasks.Join()
            strange.type = "robot"
            edges = [(start, thing), (start, strange)]

        assert check(Odd) == [
            error(
                f"testapp.Odd.{name} is {node!r}, which is neither a view nor can it be called.",
                "Use a view like tasks.UpdateView(…), a method, or an object with __call__.",
                Odd,
                6,
            )
            for name, node in [("thing", Odd.thing), ("strange", Odd.strange)]
        ]

    @isolated
    def test_a_human_node_brings_its_own_check(self, check):
        class Checked(Desk):
            def check(self):
                return [checks.Info("looked at")]

        class People(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            desk = Desk()
            checked = Checked()
            edges = [(start, desk), (start, checked)]

        assert check(People) == [checks.Info("looked at")]


class TestDeadlines:
    """When tasks of people are due."""

    @isolated
    @pytest.mark.parametrize(
        ("options", "problem", "hint", "number"),
        [
            (
                {"due": "get_time"},
                "has due='get_time', which is no method",
                (
                    "Give Desks a method get_time(self), which returns a timedelta, a datetime or "
                    "None."
                ),
                32,
            ),
            (
                {"due": timedelta(0)},
                "has due=datetime.timedelta(0), and is late at once",
                "Give more time, or leave due out.",
                32,
            ),
            (
                {"due": 3},
                "has due=3",
                (
                    "Set due to a timedelta, to a function of the instance, or to the name of a "
                    "method."
                ),
                32,
            ),
            (
                {"due": DAY, "remind": 3},
                "has remind=3",
                "Set remind to a timedelta: how long before it is due.",
                33,
            ),
            (
                {"remind": DAY},
                "has remind, and is never due",
                "Say when it is due, like due=timedelta(days=3).",
                33,
            ),
            (
                {"due": DAY, "remind": DAY},
                "reminds people before there is anything to be reminded of",
                "Remind people later, or give them more time.",
                33,
            ),
            (
                {"overdue": "escalate"},
                "has overdue, and is never due",
                "Say when it is due, like due=timedelta(days=3).",
                34,
            ),
            (
                {"due": DAY, "overdue": "nothing"},
                "has overdue='nothing', which is no task for a machine",
                "Name a method of Desks, which is no start and no join.",
                34,
            ),
            (
                {"due": DAY, "overdue": "other"},
                "has overdue='other', which is no task for a machine",
                "Name a method of Desks, which is no start and no join.",
                34,
            ),
            (
                {"due": DAY, "overdue": "join"},
                "has overdue='join', which is no task for a machine",
                "Name a method of Desks, which is no start and no join.",
                34,
            ),
            (
                {"due": DAY, "overdue": "end"},
                "has overdue='end', to which edges lead, too (from join)",
                "Give what runs when a task is late a task of its own, and edges from it alone.",
                34,
            ),
        ],
    )
    def test_what_cannot_be(self, check, options, problem, hint, number):
        class Desks(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            desk = tasks.UpdateView(fields=[], **options)
            other = tasks.UpdateView(fields=[])
            join = tasks.Join()

            def escalate(self): ...

            def end(self): ...

            edges = [(start, desk), (start, other), (desk, join), (other, join), (join, end)]

        assert check(Desks) == [error(f"testapp.Desks.desk {problem}.", hint, Desks, number)]

    @isolated
    def test_a_start_is_never_late(self, check):
        class Desks(Workflow):
            Meta = InTestapp
            start = tasks.StartView(fields=[], due=DAY)

            def end(self): ...

            edges = [(start, end)]

        assert check(Desks) == [
            error(
                "testapp.Desks.start is a start, and never late.",
                "Leave due out, or move it to a task that follows.",
                Desks,
                32,
            )
        ]


class TestPeople:
    """Whom tasks are for."""

    @isolated
    @pytest.mark.parametrize(
        ("options", "problem", "hint", "number"),
        [
            (
                {"assign": "get_boss"},
                "has assign='get_boss', which is no method",
                "Give Desks a method get_boss(self), which returns a user, a group or None.",
                30,
            ),
            (
                {"assign": 7},
                "has assign=7",
                "Set assign to a function of the instance alone, or to the name of a method.",
                30,
            ),
            (
                {"assign": dict.get},
                "has assign=<method 'get' of 'dict' objects>",
                "Set assign to a function of the instance alone, or to the name of a method.",
                30,
            ),
            (
                {"permission_required": ["auth.add_user", "sign"]},
                "requires the permission 'sign', which nobody can have",
                "Write it with its app, like 'testapp.sign'.",
                31,
            ),
        ],
    )
    def test_what_a_task_cannot_be_given(self, check, options, problem, hint, number):
        class Desks(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            desk = tasks.UpdateView(fields=[], **options)
            edges = [(start, desk)]

        assert check(Desks) == [error(f"testapp.Desks.desk {problem}.", hint, Desks, number)]

    @isolated
    def test_a_start_is_nobody_s(self, check):
        class Desks(Workflow):
            Meta = InTestapp
            start = tasks.StartView(fields=[], assign="get_boss")

            def end(self): ...

            edges = [(start, end)]

        assert check(Desks) == [
            error(
                "testapp.Desks.start is a start, and never somebody's.",
                "Leave assign out, or move it to a task that follows.",
                Desks,
                29,
            )
        ]

    def test_what_the_tests_use_is_in_order(self, check):
        assert check(Purchase) == []
        assert check(Approval) == []
        assert check(Deadline) == []

    @isolated
    def test_what_a_mixin_asks_for_is_its_own_business(self, check):
        class Desk(PermissionRequiredMixin, tasks.UpdateView):
            permission_required = "sign"  # as that of django-guardian takes it
            fields = ()

        class Desks(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            desk = Desk()
            edges = [(start, desk)]

        assert check(Desks) == []


class TestUrls:
    @pytest.fixture(autouse=True)
    def urlconf(self, settings, monkeypatch):
        settings.ROOT_URLCONF = "tests.urls"

    @isolated
    def test_people_cannot_reach_a_workflow_that_is_not_included(self, check):
        class Unreachable(Workflow):
            Meta = InTestapp
            start = tasks.Start()
            desk = Desk()
            table = Desk()
            edges = [(start, desk), (start, table)]

        assert check(Unreachable, check=check_urls) == [
            warning(
                "testapp.Unreachable has tasks for people (desk, table), "
                "but no URLconf includes it.",
                'Add path("…/", include(Unreachable.urls())) to your urlpatterns.',
                Unreachable,
                7,
            )
        ]

    def test_a_workflow_for_machines_alone_needs_no_urls(self, check):
        assert check(Chain, check=check_urls) == []

    @isolated
    def test_two_workflows_with_one_namespace(self, check):
        class Twin(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work)]

            @classmethod
            def get_url_namespace(cls):
                return "chain"

        assert check(Chain, Twin, check=check_urls) == [
            warning(
                "testapp.Chain and testapp.Twin have the same URL namespace 'chain'.",
                "Rename a class, or override get_url_namespace() in one of them.",
                Twin,
                8,
            )
        ]

    @isolated
    def test_the_namespace_of_joeflow_s_own_pages(self, check):
        class Twin(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work)]

            @classmethod
            def get_url_namespace(cls):
                return "joeflow"

        assert check(Twin, check=check_urls) == [
            warning(
                "testapp.Twin has the URL namespace 'joeflow', "
                "which is that of joeflow's own pages.",
                "Rename the class, or override get_url_namespace() in it.",
                Twin,
                37,
            )
        ]

    def test_a_project_without_urls_is_not_checked(self, check, settings):
        settings.ROOT_URLCONF = None

        assert check(Chain, check=check_urls) == []

    def test_urls_can_be_included(self):
        assert path("chain/", include(Chain.urls()))


class TestRunner:
    def test_a_runner_that_cannot_be_imported(self, settings):
        settings.JOEFLOW_TASK_RUNNER = "nowhere.task_runner"

        assert check_runner() == [
            error(
                "JOEFLOW_TASK_RUNNER is 'nowhere.task_runner', which cannot be imported: "
                "No module named 'nowhere'",
                "Name one of joeflow.runner.celery.task_runner, "
                "joeflow.runner.dramatiq.task_runner, joeflow.runner.django_tasks.task_runner, "
                "or a callable of your own, and install what it needs.",
                None,
                9,
            )
        ]

    @pytest.mark.parametrize("path", ["celery", "", None])
    def test_no_path(self, settings, path):
        settings.JOEFLOW_TASK_RUNNER = path

        [message] = check_runner()

        assert message.id == "joeflow.E009"

    def test_a_runner_that_cannot_be_called(self, settings):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.calls"

        assert check_runner() == [
            error(
                "JOEFLOW_TASK_RUNNER is 'tests.runners.calls', which cannot be called.",
                "Name a callable (*, task_pk, workflow_pk, countdown, eta).",
                None,
                9,
            )
        ]

    def test_a_runner_of_one_s_own(self):
        assert check_runner() == []

    def test_a_runner_brings_its_own_check(self, monkeypatch):
        messages = [checks.Info("looked at")]
        monkeypatch.setattr("tests.runners.check", lambda: messages, raising=False)

        assert check_runner() == messages


class TestSettings:
    def test_an_unknown_name(self, settings):
        settings.JOEFLOW_STAY_SECOND = 3

        assert check_settings() == [
            warning(
                "JOEFLOW_STAY_SECOND is no setting of joeflow.",
                "Did you mean JOEFLOW_STAY_SECONDS?",
                None,
                10,
            )
        ]

    def test_a_name_that_looks_like_nothing_known(self, settings):
        settings.JOEFLOW_ = 3

        assert len(check_settings()) == 1

    def test_known_names(self):
        assert check_settings() == []


class TestDatabases:
    @pytest.fixture
    def options(self, monkeypatch):
        """Return the options of the database, to be changed."""
        options = dict(connection.settings_dict["OPTIONS"])
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
        return options

    def vendor(self, monkeypatch, vendor):
        monkeypatch.setattr(connections["default"], "vendor", vendor)

    def test_the_database_of_the_tests_is_in_order(self, check):
        assert check(Chain, check=check_databases) == []

    def test_a_workflow_in_another_database(self, check, settings):
        class Router:
            def db_for_write(self, model, **hints):
                return "other" if model is Chain else "default"

        settings.DATABASE_ROUTERS = [Router()]

        assert check(Chain, check=check_databases) == [
            error(
                "testapp.Chain is written to the database 'other', but joeflow's tasks "
                "to 'default'.",
                "A transition is one transaction: let the router give both the same database.",
                Chain,
                11,
            )
        ]

    def test_autocommit_off(self, check, monkeypatch):
        monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)

        assert check(check=check_databases) == [
            error(
                "The database 'default' has AUTOCOMMIT off.",
                "Leave AUTOCOMMIT on; joeflow opens and commits each transaction itself.",
                None,
                12,
            )
        ]

    @pytest.mark.parametrize(
        ("vendor", "level", "is_allowed"),
        [
            ("mysql", "read committed", True),
            ("mysql", "repeatable read", False),
            ("mysql", None, False),
            ("postgresql", 1, True),
            ("postgresql", 3, False),
            ("sqlite", "serializable", True),
        ],
    )
    def test_isolation_levels(self, check, monkeypatch, options, vendor, level, is_allowed):
        self.vendor(monkeypatch, vendor)
        options["isolation_level"] = level
        options["transaction_mode"] = "EXCLUSIVE"

        expected = error(
            f"The database 'default' has the isolation level {level!r}, under which a transition "
            f"can read the past.",
            'Set OPTIONS["isolation_level"] to READ COMMITTED.',
            None,
            13,
        )
        assert check(check=check_databases) == ([] if is_allowed else [expected])

    def test_sqlite_that_begins_without_a_lock(self, check, monkeypatch, options):
        self.vendor(monkeypatch, "sqlite")
        options.pop("transaction_mode", None)
        options.pop("isolation_level", None)

        assert check(check=check_databases) == [
            warning(
                "The SQLite database 'default' begins transactions without a lock, so that two at "
                'a time can end with "database is locked".',
                'Set OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 20, '
                '"init_command": "PRAGMA journal_mode=WAL"}.',
                None,
                14,
            )
        ]

    def test_sqlite_that_each_request_locks(self, check, monkeypatch):
        self.vendor(monkeypatch, "sqlite")
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"transaction_mode": "IMMEDIATE"})

        assert check(check=check_databases) == [
            warning(
                "The SQLite database 'default' is locked by each request, as ATOMIC_REQUESTS is "
                "on: whoever only looks waits for whoever writes, and gets an error after the "
                "timeout.",
                "Turn ATOMIC_REQUESTS off; joeflow's forms are one transaction anyway.",
                None,
                26,
            )
        ]

    @pytest.mark.parametrize(
        ("vendor", "psycopg_3", "chosen", "is_warned"),
        [
            ("postgresql", True, {}, True),
            ("postgresql", True, {"prepare_threshold": 5}, True),
            ("postgresql", True, {"server_side_binding": True}, True),
            ("postgresql", True, {"prepare_threshold": 5, "server_side_binding": True}, False),
            ("postgresql", True, {"prepare_threshold": 0, "server_side_binding": True}, False),
            ("postgresql", True, {"prepare_threshold": None}, False),
            ("postgresql", False, {}, False),
            ("mysql", True, {}, False),
        ],
    )
    def test_prepared_statements(
        self, check, monkeypatch, options, vendor, psycopg_3, chosen, is_warned
    ):
        self.vendor(monkeypatch, vendor)
        monkeypatch.setattr("joeflow.checks.databases._has_psycopg_3", lambda: psycopg_3)
        for name in ("prepare_threshold", "server_side_binding"):
            options.pop(name, None)
        options.update(chosen)

        expected = warning(
            "PostgreSQL plans each statement of the database 'default' anew, which takes a third "
            "of what a transition costs there.",
            'Set OPTIONS = {"server_side_binding": True, "prepare_threshold": 5}; or '
            '"prepare_threshold": None behind a PgBouncer older than 1.21 that pools transactions.',
            None,
            28,
        )
        assert check(check=check_deployment) == ([expected] if is_warned else [])


BASE_URL = 'like "https://shop.example", without a path, or None'
WRONG_URLS = ("shop.example", "https://", "ftp://a.b", "https://a.b/path", "https://a.b?x", 7)


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value", "kind"),
        [
            ("JOEFLOW_GRACE_PERIOD", "abc", "a number of seconds"),
            ("JOEFLOW_STAY_SECONDS", None, "a number of seconds"),
            ("JOEFLOW_SWEEP_SECONDS", True, "a number of seconds"),
            ("JOEFLOW_LOCK_TIMEOUT", -1, "a number of seconds"),
            ("JOEFLOW_RETRY_MAX", float("inf"), "a number of seconds"),
            ("JOEFLOW_RETRY_MIN", float("nan"), "a number of seconds"),
            ("JOEFLOW_TIME_LIMIT", 0, "a number of seconds above 0, or None"),
            ("JOEFLOW_MAX_STARTS", 0, "a whole number from 1 up"),
            ("JOEFLOW_MAX_STARTS", 2.5, "a whole number from 1 up"),
            *(("JOEFLOW_BASE_URL", url, BASE_URL) for url in WRONG_URLS),
        ],
    )
    def test_a_value_that_cannot_be(self, check, settings, name, value, kind):
        setattr(settings, name, value)

        assert check(check=check_settings) == [
            checks.Error(f"{name} is {value!r}.", hint=f"It must be {kind}.", id="joeflow.E027")
        ]

    @pytest.mark.parametrize("url", ["https://shop.example", "http://localhost:8000/", None])
    def test_an_address_that_can_be(self, check, settings, url):
        settings.JOEFLOW_BASE_URL = url

        assert check(check=check_settings) == []

    @pytest.mark.parametrize("value", [0, 1, 2.5])
    def test_a_value_that_can_be(self, check, settings, value):
        settings.JOEFLOW_GRACE_PERIOD = value

        assert check(check=check_settings) == []


class TestLogin:
    """What manage.py check --deploy says about tasks that are open to everybody."""

    def test_nobody_is_asked_to_log_in(self, check):
        [message] = check(GreetingWorkflow, check=check_login)

        assert message == checks.Warning(
            "The tasks of people are open to everybody: testapp.GreetingWorkflow.start, "
            "testapp.GreetingWorkflow.check_note.",
            hint="Add 'django.contrib.auth.middleware.LoginRequiredMiddleware' to MIDDLEWARE, or "
            "give the tasks permission_required=… or assign=…, or mix LoginRequiredMixin into the "
            "views.",
            id="joeflow.W017",
        )

    def test_middleware_asks(self, check, settings):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_MIDDLEWARE]

        assert check(GreetingWorkflow, check=check_login) == []

    def test_middleware_of_the_project_asks(self, check, settings):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.OwnLoginMiddleware"]

        assert check(GreetingWorkflow, check=check_login) == []

    def test_a_view_asks(self, check):
        assert check(GreetingWorkflow, Guarded, check=check_login) == []

    @pytest.mark.parametrize(
        "options", [{"permission_required": "auth.add_user"}, {"assign": lambda workflow: None}]
    )
    def test_a_keyword_asks(self, check, options):
        with isolated:

            class Asking(Workflow):
                Meta = InTestapp
                start = tasks.StartView(fields=[])
                desk = tasks.UpdateView(fields=[], **options)
                edges = [(start, desk)]

        assert check(Asking, check=check_login) == []

    def test_rules_of_one_s_own_ask(self, check):
        with isolated:

            class Ruled(tasks.UpdateView):
                fields = ()

                def has_access(self): ...

            class Asking(Workflow):
                Meta = InTestapp
                start = tasks.StartView(fields=[])
                desk = Ruled()
                edges = [(start, desk)]

        assert check(Asking, check=check_login) == []

    def test_a_mixin_behind_the_view_is_never_asked(self, check):
        with isolated:

            class OpenView(TaskViewMixin, View, LoginRequiredMixin):
                pass

            class StillOpenView(OpenView):
                pass

            class AskedView(LoginRequiredMixin, tasks.UpdateView):
                pass

            class Open(Workflow):
                Meta = InTestapp
                start = tasks.Start()
                approve = StillOpenView()
                edges = [(start, approve)]

            class Asked(Workflow):
                Meta = InTestapp
                start = tasks.Start()
                approve = AskedView(fields=[])
                edges = [(start, approve)]

        assert [message.id for message in check(Open, check=check_login)] == ["joeflow.W017"]
        assert check(Asked, check=check_login) == []

    def test_a_decorated_view_asks(self, check):
        with isolated:

            @method_decorator(login_required, name="dispatch")
            class DecoratedView(tasks.UpdateView):
                pass

            class Decorated(Workflow):
                Meta = InTestapp
                start = tasks.Start()
                approve = DecoratedView(fields=[])
                edges = [(start, approve)]

        assert check(Decorated, check=check_login) == []

    def test_no_tasks_of_people(self, check):
        assert check(Chain, check=check_login) == []

    def test_only_a_deployment_is_warned(self):
        assert check_login in checks.registry.registry.deployment_checks


class OwnLoginMiddleware(LoginRequiredMiddleware):
    """What a project may make of Django's."""
