"""The page of an instance."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from joeflow.exceptions import RendererMissing
from joeflow.models import Task

pytestmark = pytest.mark.django_db


@pytest.mark.extra("graphviz-pure")
def test_detail__shows_graph_and_tasks(client, greeting, check_note):
    response = client.get(greeting.get_absolute_url())

    assert response.status_code == 200
    assert "<svg" in response.text
    assert f'<a href="/greeting/check_note/{check_note.pk}/">check note</a>' in response.text
    assert "Step in" not in response.text


def test_detail__no_renderer__shows_tasks_and_mermaid(client, greeting, monkeypatch):
    def fail(*args, **kwargs):
        raise RendererMissing

    monkeypatch.setattr("joeflow.diagrams.dot.render_svg", fail)

    response = client.get(greeting.get_absolute_url())

    assert response.status_code == 200
    assert "check note" in response.text
    assert "graph LR" in response.text


def test_detail__failed_task__shows_reason_escaped(admin_client, greeting, check_note):
    Task.objects.filter(pk=check_note.pk).update(status="failed", exception="<script>alert(1)")

    response = admin_client.get(greeting.get_absolute_url())

    assert "&lt;script&gt;alert(1)" in response.text
    assert "<script>" not in response.text


def test_detail__asks_the_same_number_of_times_for_more_tasks(client, greeting):
    with CaptureQueriesContext(connection) as few:
        client.get(greeting.get_absolute_url())
    for _ in range(20):
        greeting.task_set.create(name="end", type="machine", workflow=greeting)

    with CaptureQueriesContext(connection) as many:
        client.get(greeting.get_absolute_url())

    assert len(many) == len(few)


@pytest.mark.parametrize("page", ["detail", "override"])
def test_unknown_instance__is_not_found(client, admin_user, page):
    client.force_login(admin_user)
    suffix = {"detail": "", "override": "override"}[page]

    assert client.get(f"/greeting/4711/{suffix}").status_code == 404
    assert client.post("/greeting/4711/override", {}).status_code == 404
