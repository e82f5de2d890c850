"""The history of workflows in the admin."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from joeflow.models import Task, Workflow
from joeflow.testing import run
from tests.rules import extra
from tests.testapp.models import Letter, Parcel, RegisteredLetter
from tests.unit.admin.pages import read_form, texts

reversion = extra("reversion")

pytestmark = pytest.mark.django_db

BUSY = "A task of this workflow is running. Nothing was changed; try again in a moment."


def url(instance, *parts):
    return "/".join(["/admin/testapp", instance._meta.model_name, *map(str, parts), ""])


def versions(instance):
    return list(reversion.models.Version.objects.get_for_object(instance).order_by("pk"))


@pytest.fixture(autouse=True)
def revision_models():
    import reversion.models  # noqa: F401  # after the apps


@pytest.fixture
def letter():
    return run(Letter.start())


@pytest.mark.parametrize(
    ("model", "comments"),
    [
        (Letter, ["start", "write", "send"]),
        (Parcel, ["start", "weigh"]),
        (RegisteredLetter, ["start", "write", "send"]),
    ],
)
def test_shows_the_transitions(boss, model, comments):
    instance = run(model.start())

    response = boss.get(url(instance, instance.pk, "history"))

    shown = [action["revision"].comment for action in response.context["action_list"]]
    assert shown == comments
    assert response.status_code == 200


@pytest.mark.parametrize("model", [Letter, Parcel, RegisteredLetter])
def test_makes_one_revision_of_a_change_in_the_admin(boss, model):
    instance = run(model.start())
    before = len(versions(instance))
    page = url(instance, instance.pk, "change")
    data = read_form(boss.get(page), f"{model._meta.model_name}_form")
    field = "weight" if model is Parcel else "text"

    boss.post(page, {**data, field: "5"})

    made = versions(instance)[before:]
    assert len(made) == 1
    assert made[0].revision.user == User.objects.get(first_name="Boss")
    assert made[0].revision.get_comment() == f"Changed {field.capitalize()}."
    assert str(made[0].field_dict[field]) == "5"


def test_stores_what_a_machine_task_changed_meanwhile(boss, letter):
    page = url(letter, letter.pk, "change")
    data = read_form(boss.get(page), "letter_form")
    Letter.objects.update(text="by a machine")

    boss.post(page, {key: value for key, value in data.items() if key != "sent"})

    stored = versions(letter)[-1].field_dict
    assert (stored["sent"], stored["text"]) == (False, "by a machine")


def test_makes_no_revision_where_nothing_was_changed(boss, letter):
    page = url(letter, letter.pk, "change")
    data = read_form(boss.get(page), "letter_form")
    before = len(versions(letter))

    boss.post(page, data)

    assert len(versions(letter)) == before


class TestGoingBack:
    def revert(self, client, instance, number):
        page = url(instance, instance.pk, "history", versions(instance)[number].pk)
        data = read_form(client.get(page), f"{instance._meta.model_name}_form")
        return client.post(page, data, follow=True)

    def test_shows_the_state_of_a_version_and_changes_nothing(self, boss, letter):
        page = url(letter, letter.pk, "history", versions(letter)[1].pk)

        response = boss.get(page)

        assert read_form(response, "letter_form")["text"] == ["Dear Sir"]
        assert Letter.objects.get().text == "Dear Sir, yours"

    def test_restores_the_state(self, boss, letter):
        self.revert(boss, letter, 1)

        restored = Letter.objects.get()
        assert (restored.text, restored.sent) == ("Dear Sir", False)
        assert versions(letter)[-1].field_dict["text"] == "Dear Sir"

    @pytest.mark.parametrize("model", [Parcel, RegisteredLetter])
    def test_restores_proxied_and_inherited_workflows(self, boss, model):
        instance = run(model.start())

        self.revert(boss, instance, 0)

        restored = model.objects.get()
        assert restored.weight == 0 if model is Parcel else restored.number == ""

    def test_leaves_the_tasks_alone(self, boss, letter):
        before = list(Task.objects.order_by("pk").values())

        self.revert(boss, letter, 1)

        assert list(Task.objects.order_by("pk").values()) == before

    def test_leaves_an_ended_instance_ended(self, boss, letter, ended):
        before = timezone.now()
        Workflow.objects.update(_ended=before)

        self.revert(boss, letter, 1)

        assert ended(letter) == before

    def test_changes_nothing_where_a_task_is_running(self, boss, letter, busy):
        page = url(letter, letter.pk, "history", versions(letter)[1].pk)

        with busy(letter.pk):
            response = boss.get(page, follow=True)

        assert texts(response) == [BUSY]
        assert response.redirect_chain == [("/admin/testapp/letter/", 302)]

    def test_knows_no_version_of_another_address(self, boss, letter):
        assert boss.get(url(letter, "abc", "history", 1)).status_code == 404


class TestRecovering:
    def test_brings_a_deleted_instance_back_as_one_that_has_ended(self, boss, letter, ended):
        version = versions(letter)[-1]
        pk = letter.pk
        letter.delete()
        page = url(letter, "recover", version.pk)
        data = read_form(boss.get(page), "letter_form")

        boss.post(page, data)

        letter = Letter.objects.get()
        assert (letter.pk, letter.text) == (pk, "Dear Sir, yours")
        assert ended(letter) is not None

    def test_knows_no_version_that_is_none(self, boss):
        assert boss.get("/admin/testapp/letter/recover/999/").status_code == 404

    def test_lists_what_was_deleted(self, boss, letter):
        letter.delete()

        assert "letter" in boss.get("/admin/testapp/letter/recover/").content.decode()
