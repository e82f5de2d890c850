"""Those who send one mail."""

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection

from joeflow.mails import outbox
from joeflow.models import Event
from tests.testapp.models import Voucher


@pytest.mark.protected_by("without_lease")
def test_two_send_what_was_left__each_gets_one_mail(race, judge, transactional_db, monkeypatch):
    clerk = get_user_model().objects.create_user("clerk", "clerk@example.com")
    monkeypatch.setattr(outbox.breaker, "is_open", lambda: True)
    Voucher.start(clerk=clerk)
    monkeypatch.setattr(outbox.breaker, "is_open", lambda: False)
    pk = Event.objects.get(kind=Event.MAILED).pk
    race.meet_at("joeflow.mails.outbox._lease")

    send = partial(outbox.send, pk, connection.alias, seconds=30)
    race.run(send, send)

    violations = []
    if len(mail.outbox) != 1:
        violations.append(f"{len(mail.outbox)} mails were sent")
    judge(violations)
