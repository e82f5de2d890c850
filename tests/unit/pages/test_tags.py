"""What the templates of the pages can load."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from tests.testapp.models import Letter


def render(text, **context):
    return Template("{% load joeflow %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(microseconds=1), "under a second"),
        (timedelta(seconds=-5), "under a second"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(minutes=2, seconds=3), "2 minutes 3 seconds"),
        (timedelta(hours=1, seconds=3), "1 hour"),
        (timedelta(days=2, hours=1, minutes=5), "2 days 1 hour"),
        (timedelta(days=1, minutes=5), "1 day"),
        (None, ""),
    ],
)
def test_duration(elapsed, words):
    with translation.override("en"):
        assert render("{{ elapsed|duration }}", elapsed=elapsed) == words


def test_name_in_words():
    assert render("{{ name|in_words }}", name="send_mail") == "send mail"


def test_url_of_a_page():
    assert render('{% joeflow_url "inbox" %}') == "/work/inbox/"
    assert render('{% joeflow_url "assign" 7 %}') == "/work/inbox/7/assign/"


def test_url_of_an_instance_that_no_urlconf_includes():
    assert render("{{ letter|instance_url }}", letter=Letter(pk=1)) == ""
