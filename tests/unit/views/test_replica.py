"""Where a project reads from a replica, answers are of the database that is written to."""

import pytest

from joeflow import engine
from joeflow.models import Event, Task
from tests.testapp.models import Purchase

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


class Router:
    """Reads tasks and instances from a database that is not there: whoever does so fails."""

    def db_for_read(self, model, **hints):
        return "replica" if issubclass(model, (Task, Event, Purchase)) else None


@pytest.fixture
def purchase(db):
    purchase = Purchase.objects.create(item="Honey")
    engine.complete_start(purchase, "start")
    return purchase


@pytest.mark.parametrize(
    ("path", "headers"),
    [("", {}), ("", JSON), ("history", JSON), ("override", {}), ("pause", {})],
)
def test_page_of_an_instance(admin_client, purchase, settings, path, headers):
    settings.DATABASE_ROUTERS = [Router()]

    response = admin_client.get(f"/purchase/{purchase.pk}/{path}", headers=headers)

    assert response.status_code == 200


def test_override(admin_client, purchase, settings):
    settings.DATABASE_ROUTERS = [Router()]
    url = purchase.get_override_url()

    response = admin_client.post(
        url, {"item": "Cake", "open_tasks": "", "next_tasks": ["sign"], "override_reason": "x"}
    )

    assert response.status_code == 409


def test_form_of_a_task(admin_client, purchase, settings):
    task = purchase.task_set.get(name="approve")
    settings.DATABASE_ROUTERS = [Router()]

    shown = admin_client.get(task.get_absolute_url(), headers=JSON)
    done = admin_client.post(
        task.get_absolute_url(), {"item": "Cake"}, content_type="application/json", headers=JSON
    )

    assert shown.json()["id"] == task.pk
    assert [each["name"] for each in done.json()["tasks"]] == ["order"]
