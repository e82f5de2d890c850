"""The database's clock, as Django stores instants."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from joeflow.clock import DatabaseNow
from joeflow.models import Task
from tests.testapp.models import Chain

pytestmark = pytest.mark.django_db

CLOSE = timedelta(seconds=10)


def read(expression):
    Chain.start()
    return Task.objects.annotate(now=expression).first().now


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(hours=3.5), timedelta(days=-2)])
def test_it_is_now_plus_the_offset(offset):
    assert abs(read(DatabaseNow(offset)) - timezone.now() - offset) < CLOSE


def test_it_can_be_written_and_read_back():
    task = Chain.start().task_set.get(name="first")
    Task.objects.filter(pk=task.pk).update(eta=DatabaseNow(timedelta(hours=1)))

    task.refresh_from_db()

    assert abs(task.eta - timezone.now() - timedelta(hours=1)) < CLOSE


def test_it_can_be_compared_with_what_was_written():
    task = Chain.start().task_set.get(name="first")
    for eta, is_due in [(timedelta(seconds=-1), True), (timedelta(seconds=5), False)]:
        Task.objects.filter(pk=task.pk).update(eta=timezone.now() + eta)

        assert Task.objects.filter(eta__lte=DatabaseNow()).exists() is is_due


def test_a_fraction_of_a_second_is_kept():
    difference = read(DatabaseNow(timedelta(milliseconds=1500))) - read(DatabaseNow())

    assert timedelta(milliseconds=500) < difference < CLOSE


def test_the_server_s_clock_does_not_matter():
    with time_machine.travel(timezone.now() + timedelta(days=365)):
        now = read(DatabaseNow())

    assert abs(now - timezone.now()) < CLOSE


def test_the_zone_of_a_database_is_respected(monkeypatch, settings):
    # Only SQLite and MariaDB can have one: they store instants without a zone.
    if connection.vendor == "postgresql":
        return
    monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", "Asia/Tokyo")
    cached = vars(connections[connection.alias])
    cached.pop("timezone", None)
    try:
        now = read(DatabaseNow())
        task = Task.objects.first()
        Task.objects.filter(pk=task.pk).update(eta=timezone.now() - timedelta(seconds=1))
        is_due = Task.objects.filter(pk=task.pk, eta__lte=DatabaseNow()).exists()
    finally:
        cached.pop("timezone", None)

    assert abs(now - timezone.now()) < CLOSE
    assert is_due


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_the_time_zone_of_a_project_does_not_matter(settings, use_tz, zone):
    settings.USE_TZ = use_tz
    settings.TIME_ZONE = zone

    now = read(DatabaseNow())
    task = Task.objects.get(name="first")
    Task.objects.filter(pk=task.pk).update(eta=DatabaseNow(timedelta(hours=3)))
    task.refresh_from_db()

    assert timezone.is_naive(now) is not use_tz
    assert abs(now - timezone.now()) < CLOSE
    assert abs(task.eta - timezone.now() - timedelta(hours=3)) < CLOSE
    for eta, is_due in [(timedelta(seconds=-1), True), (timedelta(seconds=5), False)]:
        Task.objects.filter(pk=task.pk).update(eta=timezone.now() + eta)
        assert Task.objects.due().filter(pk=task.pk).exists() is is_due
