"""Who sends a form too late finds on the page what was typed."""

import pytest
from django import forms
from django.http import QueryDict

from joeflow.views.closed import typed_in
from tests.unit.pages.test_drafts import TYPED, Everything

pytestmark = pytest.mark.django_db


def test_what_was_typed_can_be_copied(buyer_s, buyer, order):
    task = order()
    url = task.get_absolute_url()
    task.finish(buyer)

    response = buyer_s.post(url, {"item": "Cake & tea"})

    assert response.status_code == 409
    assert "buyer completed the task “order”." in response.text
    assert "Cake &amp; tea</textarea>" in response.text
    assert "readonly" in response.text


def test_who_only_looks_has_typed_nothing(buyer_s, order):
    task = order()
    url = task.get_absolute_url()
    task.cancel()

    response = buyer_s.get(url)

    assert response.status_code == 410
    assert "<textarea" not in response.text


def test_who_has_a_draft_finds_it(buyer_s, order):
    task = order()
    url = task.get_absolute_url()
    buyer_s.post(url, {"item": "Cake", "_draft": "save"})
    task.cancel()

    response = buyer_s.get(url)

    assert response.status_code == 410
    assert "Cake</textarea>" in response.text


def test_a_body_that_is_no_form(buyer_s, order):
    task = order()
    url = task.get_absolute_url()
    task.cancel()

    assert buyer_s.post(url, "x", content_type="text/plain").status_code == 409


def test_each_kind_of_field():
    data = QueryDict(mutable=True)
    for name, values in TYPED.items():
        data.setlist(name, values)

    assert typed_in(Everything(data)) == [
        ("Text", "Cake"),
        ("Number", "many"),
        ("Day", "2 11 2026"),
        ("When", "2026-11-02 noon"),
        ("One", "B"),
        ("Many", "A\nB"),
        ("Boxes", "B"),
        ("Yes", "✓"),
        ("Data", '{"a": 1'),
        ("Pin owner", "Ann"),
        ("Fixed", "changed"),
    ]


class Hidden(forms.Form):
    hidden = forms.CharField(widget=forms.HiddenInput)
    empty = forms.CharField()
    no = forms.BooleanField(required=False)


def test_what_is_hidden_or_empty_is_left_out():
    assert typed_in(Hidden(QueryDict("hidden=x&empty="))) == []
