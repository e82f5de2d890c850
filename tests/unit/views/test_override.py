"""Stepping in by hand."""

from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from joeflow.views import OverrideView
from tests.testapp.models import GreetingWorkflow, Shipping

pytestmark = pytest.mark.django_db


@pytest.fixture
def may_override(django_user_model):
    user = django_user_model.objects.create_user("winnie")
    user.user_permissions.add(Permission.objects.get(codename="override"))
    return user


def override_data(client, greeting, **changes):
    form = client.get(greeting.get_override_url()).context["form"]
    return {
        "note": "Hello",
        "count": "1",
        "open_tasks": form["open_tasks"].value(),
        **changes,
    }


def test_override__anonymous__must_log_in(client, greeting):
    response = client.get(greeting.get_override_url())

    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


def test_override__without_permission__is_forbidden(client, greeting, django_user_model):
    client.force_login(django_user_model.objects.create_user("piglet"))

    assert client.get(greeting.get_override_url()).status_code == 403
    assert client.post(greeting.get_override_url(), {}).status_code == 403


def test_override__cancels_records_and_starts(client, greeting, check_note, may_override):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Changed", next_tasks=["end"])

    response = client.post(greeting.get_override_url(), data)

    greeting.refresh_from_db()
    check_note.refresh_from_db()
    override = greeting.task_set.get(name="override")
    assert response.url == greeting.get_absolute_url()
    assert greeting.note == "Changed"
    assert (check_note.status, check_note.completed_by_user) == (Task.CANCELED, may_override)
    assert (override.status, override.completed_by_user) == (Task.SUCCEEDED, may_override)
    assert list(override.parent_task_set.all()) == [check_note]
    assert [task.name for task in override.child_task_set.all()] == ["end"]


def test_override__offers_all_but_the_start(client, greeting, may_override):
    client.force_login(may_override)

    form = client.get(greeting.get_override_url()).context["form"]

    assert [name for name, _ in form.fields["next_tasks"].choices] == [
        "add_one",
        "check_note",
        "end",
    ]


TUTORIAL = """
<form method="POST">
{% csrf_token %}
{{ form }}
<input type="submit">
</form>
"""


@pytest.fixture
def own_template(settings, tmp_path):
    """A project whose only template is the one for all forms, as simple as can be."""
    path = tmp_path / "testapp" / "workflow_form.html"
    path.parent.mkdir()
    path.write_text(TUTORIAL)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def inputs(response):
    """Return what a browser would send back, unchanged."""
    parser = Inputs()
    parser.feed(response.text)
    return parser.values


class Inputs(HTMLParser):
    def __init__(self):
        super().__init__()
        self.values = {}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and attrs.get("name") and attrs["type"] != "checkbox":
            self.values[attrs["name"]] = attrs.get("value", "")


def test_override__simple_template__does_all(
    client, greeting, check_note, may_override, own_template
):
    client.force_login(may_override)
    page = client.get(greeting.get_override_url())
    typed = {"next_tasks": ["end"], "override_reason": "In a hurry."}

    plan = client.post(greeting.get_override_url(), {**inputs(page), **typed})
    response = client.post(greeting.get_override_url(), {**inputs(plan), **typed})

    assert "<li>These tasks will be canceled: check note</li>" in plan.text
    assert page.templates[0].name == "testapp/workflow_form.html"
    assert inputs(page)["open_tasks"] == str(check_note.pk)
    assert response.status_code == 302
    assert greeting.task_set.filter(name="end").exists()


def test_override__template_for_all_forms__says_what_its_button_does(
    client, greeting, may_override, settings, tmp_path
):
    path = tmp_path / "testapp" / "workflow_form.html"
    path.parent.mkdir()
    path.write_text('{% extends "joeflow/workflow_form.html" %}')
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    client.force_login(may_override)
    page = client.get(greeting.get_override_url())

    plan = client.post(
        greeting.get_override_url(),
        {**inputs(page), "next_tasks": ["end"], "override_reason": "In a hurry."},
    )

    assert page.templates[0].name == "testapp/workflow_form.html"
    assert "<h1>Step in</h1>" in page.text
    assert '<button type="submit">See what will happen</button>' in page.text
    assert '<button type="submit">Override</button>' in plan.text


def test_override__simple_template__shows_what_went_wrong(
    client, greeting, check_note, may_override, own_template
):
    client.force_login(may_override)
    data = inputs(client.get(greeting.get_override_url()))
    check_note.finish()
    check_note.start_next_tasks()

    typed = {"next_tasks": ["end"], "override_reason": "In a hurry."}
    response = client.post(greeting.get_override_url(), {**data, **typed})

    end = greeting.task_set.get(name="end")
    assert "Meanwhile this has changed. Please look again before you step in." in response.text
    assert inputs(response)["open_tasks"] == str(end.pk)


def test_override__without_what_was_shown__overrides_what_is_there(
    client, greeting, check_note, may_override
):
    client.force_login(may_override)

    client.post(greeting.get_override_url(), {"count": "1", "next_tasks": ["end"]})

    check_note.refresh_from_db()
    assert check_note.status == Task.CANCELED
    assert greeting.task_set.filter(name="end").exists()


@pytest.mark.parametrize("open_tasks", ["x", "1,", "1;2", "9" * 5000])
def test_override__nonsense_about_open_tasks__is_refused(
    client, greeting, check_note, may_override, open_tasks
):
    client.force_login(may_override)
    data = override_data(client, greeting, open_tasks=open_tasks, next_tasks=["end"])

    response = client.post(greeting.get_override_url(), data)

    assert response.status_code in (200, 409)
    assert not greeting.task_set.filter(name="override").exists()


def test_override__choosing_nothing__ends(client, greeting, check_note, may_override):
    client.force_login(may_override)

    client.post(greeting.get_override_url(), override_data(client, greeting))

    greeting.refresh_from_db()
    assert greeting._ended is not None
    assert not greeting.task_set.open().exists()


@pytest.mark.parametrize("chosen", ["start", "nowhere"])
def test_override__somewhere_else__is_refused(client, greeting, may_override, chosen):
    client.force_login(may_override)
    data = override_data(client, greeting, next_tasks=[chosen])

    response = client.post(greeting.get_override_url(), data)

    assert "next_tasks" in response.context["form"].errors
    assert not greeting.task_set.filter(name="override").exists()


def test_override__column_changed_behind_the_lock__is_kept(
    client, greeting, may_override, monkeypatch
):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Changed")
    form_valid = OverrideView.form_valid

    def meanwhile(view, form):
        GreetingWorkflow.objects.update(count=42)
        return form_valid(view, form)

    monkeypatch.setattr(OverrideView, "form_valid", meanwhile)

    client.post(greeting.get_override_url(), data)

    greeting.refresh_from_db()
    assert (greeting.note, greeting.count) == ("Changed", 42)


def test_override__open_tasks_changed_meanwhile__shows_new_state(
    client, greeting, check_note, may_override
):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Stale", next_tasks=["end"])
    check_note.finish()
    check_note.start_next_tasks()

    response = client.post(greeting.get_override_url(), data)

    greeting.refresh_from_db()
    assert response.status_code == 409
    assert "Meanwhile this has changed." in response.text
    assert greeting.note == "Hello"
    assert not greeting.task_set.filter(name="override").exists()


def test_override__locked__keeps_what_was_typed(client, greeting, may_override, monkeypatch):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Typed", next_tasks=["end"])

    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = client.post(greeting.get_override_url(), data)

    assert response.status_code == 409
    assert "Typed" in response.text
    assert "Please try again." in response.text


def test_own_permission_to_override__is_enough(client, greeting, django_user_model):
    user = django_user_model.objects.create_user("owl")
    content_type = ContentType.objects.get_for_model(GreetingWorkflow, for_concrete_model=False)
    own = Permission.objects.create(
        codename="override_greetingworkflow", content_type=content_type, name="Step in"
    )
    user.user_permissions.add(own)
    client.force_login(user)

    assert client.get(greeting.get_override_url()).status_code == 200


def test_override__what_is_not_known_yet__may_stay_empty(client, may_override):
    client.force_login(may_override)
    shipping = Shipping.objects.create(email="winnie@example.com")
    task = Task.objects.create(name="ship", type="human", workflow=shipping)
    data = {"email": shipping.email, "open_tasks": task.pk, "next_tasks": ["end"]}

    page = client.get(shipping.get_override_url())
    response = client.post(shipping.get_override_url(), data)

    assert not page.context["form"]["tracking_code"].field.widget.is_required
    assert response.status_code == 302
    assert shipping.task_set.filter(name="override").exists()


def test_override__what_is_known__must_not_be_emptied(client, may_override):
    client.force_login(may_override)
    shipping = Shipping.objects.create(email="winnie@example.com", shipping_address="Wood 1")

    response = client.post(shipping.get_override_url(), {"email": "winnie@example.com"})

    assert response.status_code == 200
    assert "shipping_address" in response.context["form"].errors


def test_override__shows_what_is_open(client, greeting, may_override):
    client.force_login(may_override)

    response = client.get(greeting.get_override_url())

    assert "Open now: check note" in response.text
