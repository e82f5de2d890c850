"""History with django-reversion."""

import subprocess
import sys
import textwrap
from contextlib import suppress

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from joeflow.contrib.reversion import (
    create_revision,
    register_workflow,
    register_workflows,
    version_admin,
)
from joeflow.engine import run as run_in_worker
from joeflow.models import Task, Workflow
from joeflow.testing import run
from tests.rules import extra
from tests.testapp.models import (
    Failing,
    GreetingWorkflow,
    Letter,
    Parcel,
    ParcelState,
    RegisteredLetter,
)

reversion = extra("reversion")

pytestmark = pytest.mark.django_db


def history(instance):
    """Return comment, user and fields of each version, the oldest first."""
    versions = reversion.models.Version.objects.get_for_object(instance).order_by("pk")
    return [(v.revision.comment, v.revision.user, v.field_dict) for v in versions]


def comments(instance):
    return [comment for comment, _, _ in history(instance)]


def values(instance, *fields):
    return [tuple(version[field] for field in fields) for _, _, version in history(instance)]


@pytest.fixture(autouse=True)
def revision_models():
    import reversion.models  # noqa: F401  # after the apps


class TestTransitions:
    def test_makes_one_revision_of_each_task_that_saves_the_state(self):
        letter = run(Letter.start())

        assert comments(letter) == ["start", "write", "send"]

    def test_stores_the_last_of_several_saves_of_one_task(self):
        letter = run(Letter.start())

        assert values(letter, "text", "sent") == [
            ("", False),
            ("Dear Sir", False),
            ("Dear Sir, yours", True),
        ]

    def test_makes_no_revision_of_a_task_that_saves_nothing(self):
        letter = run(Letter.start(), until="send")

        assert comments(letter) == ["start", "write"]

    def test_names_nobody_for_a_machine_task(self):
        letter = run(Letter.start())

        assert {user for _, user, _ in history(letter)} == {None}

    def test_finds_the_versions_of_a_proxy(self):
        parcel = run(Parcel.start())

        assert comments(parcel) == ["start", "weigh"]
        assert values(parcel, "weight") == [(0,), (7,)]

    def test_finds_the_versions_of_a_proxy_for_its_concrete_class(self):
        parcel = run(Parcel.start())

        assert comments(ParcelState.objects.get(pk=parcel.pk)) == ["start", "weigh"]

    def test_stores_what_is_in_the_tables_of_the_parents(self):
        letter = run(RegisteredLetter.start())

        assert values(letter, "number", "text") == [("", ""), ("", "Dear Sir"), ("RR1", "Dear Sir")]
        assert values(letter, "id", "_ended") == [(letter.pk, None)] * 3

    def test_makes_no_revision_of_a_run_that_failed(self, monkeypatch):
        monkeypatch.setattr(Failing, "behavior", lambda self: 1 / 0)
        failing = Failing.start()

        with pytest.raises(ZeroDivisionError):
            run(failing)

        assert comments(failing) == ["start"]

    def test_makes_no_revision_of_a_run_whose_answer_is_refused(self, monkeypatch):
        monkeypatch.setattr(Failing, "behavior", lambda self: ["nowhere"])
        failing = Failing.start()

        with pytest.raises(Exception, match="nowhere"):
            run(failing)

        assert comments(failing) == ["start"]

    def test_keeps_what_a_node_says_itself(self, monkeypatch):
        monkeypatch.setattr(
            Failing, "behavior", lambda self: reversion.set_comment("as the node says")
        )

        failing = run(Failing.start(), until="end")

        assert comments(failing) == ["start", "as the node says"]

    @pytest.mark.django_db(transaction=True)
    def test_makes_the_revision_in_a_worker(self):
        letter = Letter.start()

        run_in_worker(letter.task_set.get(name="write").pk, letter.pk)

        assert comments(letter) == ["start", "write", "send"]


class TestBlock:
    def test_names_the_person(self):
        letter, person = Letter.start(), User.objects.create(username="ada")

        with create_revision("approve", user=person):
            letter.save()

        assert history(letter)[-1][:2] == ("approve", person)

    def test_names_nobody_who_is_not_logged_in(self):
        letter = Letter.start()

        with create_revision("approve", user=AnonymousUser()):
            letter.save()

        assert history(letter)[-1][:2] == ("approve", None)

    def test_becomes_a_part_of_a_revision_around_it(self):
        letter, person = Letter.start(), User.objects.create(username="ada")

        with reversion.create_revision():
            reversion.set_user(person)
            with create_revision("first"):
                letter.save()
            with create_revision("second", user=User.objects.create(username="bob")):
                letter.save()

        assert [part[:2] for part in history(letter)] == [("start", None), ("first", person)]

    def test_leaves_a_revision_alone_that_is_made_by_hand(self):
        letter = Letter.start()

        with reversion.create_revision(manage_manually=True), create_revision("write"):
            letter.save()

        assert comments(letter) == ["start"]

    def test_adds_no_statement_where_nothing_is_saved(self):
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            create_revision("look", using="default"),
        ):
            pass

        assert queries.captured_queries == []

    def test_adds_no_savepoint_to_a_transaction(self):
        letter = Letter.start()

        with CaptureQueriesContext(connection) as queries, create_revision("write"):
            letter.save(update_fields=["text"])

        assert [q["sql"] for q in queries.captured_queries if "SAVEPOINT" in q["sql"]] == []

    def test_makes_no_revision_in_a_transaction_that_is_lost(self):
        letter = Letter.start()

        with transaction.atomic(), create_revision("write"):
            letter.save()
            transaction.set_rollback(True)

        assert comments(letter) == ["start"]

    @pytest.mark.django_db(transaction=True)
    def test_opens_a_transaction_where_none_is_open(self):
        letter = Letter.start()

        with suppress(IntegrityError), create_revision("write"):
            letter.save()
            raise IntegrityError

        assert comments(letter) == ["start"]


class TestRegistering:
    @pytest.mark.parametrize("model", [Workflow, Letter, ParcelState, Parcel, RegisteredLetter])
    def test_has_registered_all_classes(self, model):
        assert reversion.is_registered(model)

    def test_registers_no_tasks(self):
        assert not reversion.is_registered(Task)

    def test_may_be_repeated(self):
        register_workflows()  # what another test has made since, too
        before = list(reversion.get_registered_models())

        register_workflows()

        assert list(reversion.get_registered_models()) == before

    def test_keeps_what_the_project_has_registered(self):
        reversion.unregister(Letter)
        reversion.register(Letter, fields=["sent"], follow=["workflow_ptr"])

        register_workflow(Letter)
        letter = run(Letter.start())
        reversion.unregister(Letter)
        stored = reversion.models.Version.objects.filter(object_id=letter.pk).values_list(
            "serialized_data", flat=True
        )
        register_workflow(Letter)

        assert not any("Dear Sir" in data for data in stored)


PROJECT = """
from django.conf import settings
settings.configure(
    INSTALLED_APPS=[{apps}],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    JOEFLOW_TASK_RUNNER="none.task_runner",
)
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from joeflow.testing import run
from tests.testapp.models import Letter, Parcel
from joeflow.contrib.reversion import version_admin
run(Letter.start()), run(Parcel.start())
{show}
"""
BASE = "'django.contrib.auth', 'django.contrib.contenttypes', "
SHOW = """
from reversion.models import Revision
print(version_admin().__name__, *Revision.objects.order_by("pk").values_list("comment", flat=True))
"""


def in_project(apps, show):
    """Run a letter and a parcel in a process of its own with these apps."""
    program = textwrap.dedent(PROJECT).format(apps=apps, show=show)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "apps",
    [
        "'reversion', 'joeflow', 'tests.testapp'",
        "'tests.testapp', 'joeflow', 'reversion'",
    ],
)
def test_works_in_any_order_of_the_apps(apps):
    shown = in_project(BASE + "'django.contrib.admin', 'django.contrib.messages', " + apps, SHOW)

    assert shown == "VersionAdmin start write send start weigh"


def test_is_not_used_where_the_app_is_not_installed():
    show = "print(version_admin()); import reversion; print(*reversion.get_registered_models())"

    assert in_project(BASE + "'joeflow', 'tests.testapp'", show) == "None"


def test_offers_the_admin_of_the_package():
    assert version_admin().__name__ == "VersionAdmin"


class TestPeople:
    def test_makes_one_revision_with_the_person_of_each_form(self, client):
        person = User.objects.create(username="ada")
        client.force_login(person)
        client.post("/greeting/start/", {"note": "welcome"})
        greeting = run(GreetingWorkflow.objects.get())
        check = greeting.task_set.get(name="check_note")

        client.post(check.get_absolute_url(), {"note": "read", "seen": "on"})

        assert [part[:2] for part in history(greeting)] == [
            ("start", person),
            ("add_one", None),
            ("check_note", person),
        ]
        assert values(greeting, "note", "count") == [("welcome", 0), ("welcome", 1), ("read", 1)]

    def test_makes_no_revision_of_a_form_that_changes_nothing(self, client):
        client.post("/greeting/start/", {"note": "welcome"})
        greeting = run(GreetingWorkflow.objects.get())
        check = greeting.task_set.get(name="check_note")

        client.post(check.get_absolute_url(), {"note": "welcome"})

        assert comments(greeting) == ["start", "add_one"]
