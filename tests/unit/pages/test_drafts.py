"""What somebody has typed and not sent: kept, shown again, gone with the task."""

from datetime import timedelta

import pytest
from django import forms
from django.utils import timezone

from joeflow.models import Draft, Task, Workflow
from joeflow.views import drafts
from tests.testapp.models import Purchase

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(order):
    return order()


def save(client, task, **data):
    return client.post(task.get_absolute_url(), {"_draft": "save", **data})


class TestSave:
    def test_it_completes_nothing_and_saves_nothing(self, buyer_s, task):
        response = save(buyer_s, task, item="Cake")

        task.refresh_from_db()
        assert response.url == task.get_absolute_url()
        assert task.status == Task.SCHEDULED
        assert Purchase.objects.get().item == "Honey"

    def test_the_form_shows_it_and_says_when_it_was_saved(self, buyer_s, task):
        save(buyer_s, task, item="Cake")

        text = buyer_s.get(task.get_absolute_url()).text

        assert 'value="Cake"' in text
        assert "This is your draft" in text

    def test_it_is_not_validated(self, buyer_s, task):
        save(buyer_s, task, item="x" * 500)

        assert 'value="' + "x" * 500 in buyer_s.get(task.get_absolute_url()).text

    def test_the_last_one_counts(self, buyer_s, task):
        for item in ("Cake", "Pie"):
            save(buyer_s, task, item=item)

        assert Draft.objects.get().data == {"item": ["Pie"]}

    def test_nobody_else_sees_it(self, buyer_s, browser, admin_user, task):
        save(buyer_s, task, item="Cake")

        text = browser(admin_user).get(task.get_absolute_url()).text

        assert "Cake" not in text
        assert "This is your draft" not in text

    def test_no_token_and_nothing_that_is_no_field(self, buyer_s, task):
        save(buyer_s, task, item="Cake", csrfmiddlewaretoken="x", other="y")

        assert Draft.objects.get().data == {"item": ["Cake"]}

    def test_who_is_not_logged_in__has_none(self, client, sign):
        assert "Save draft" not in client.get(sign.get_absolute_url()).text

    def test_who_is_not_logged_in_any_more__finds_what_was_typed(self, client, sign):
        response = save(client, sign, item="Cake")

        sign.refresh_from_db()
        assert sign.status == Task.SCHEDULED
        assert not Draft.objects.exists()
        assert "log in to save a draft" in response.text
        assert 'value="Cake"' in response.text

    def test_who_may_not_do_it__has_none(self, buyer_s, approve):
        assert save(buyer_s, approve, item="Cake").status_code == 403
        assert not Draft.objects.exists()

    def test_a_start_has_none(self, browser, person):
        employee_s = browser(person("employee", "testapp.request_purchase"))

        assert "Save draft" not in employee_s.get("/purchase/start/").text

    def test_a_closed_task__says_so(self, buyer_s, task):
        url = task.get_absolute_url()
        task.cancel()

        response = buyer_s.post(url, {"_draft": "save", "item": "Cake"})

        assert response.status_code == 409
        assert not Draft.objects.exists()

    def test_a_paused_instance__keeps_it(self, buyer_s, task):
        Workflow.objects.update(_paused=timezone.now())

        save(buyer_s, task, item="Cake")

        assert Draft.objects.get().data == {"item": ["Cake"]}

    def test_with_a_signed_link(self, client, manager, approve):
        url = approve.get_signed_url(manager)

        response = client.post(url, {"_draft": "save", "item": "Cake"})

        assert response.url == url
        assert 'value="Cake"' in client.get(url).text

    def test_one_s_drafts_of_closed_tasks_are_thrown_away(
        self, buyer_s, buyer, admin_client, admin_user, purchases
    ):
        old, new = purchases(2)
        for client in (buyer_s, admin_client):
            save(client, old, item="Cake")
        old.cancel()

        save(buyer_s, new, item="Pie")

        left = {(draft.task, draft.user) for draft in Draft.objects.all()}
        assert left == {(new, buyer), (old, admin_user)}


class TestGone:
    def test_discarded(self, buyer_s, task):
        save(buyer_s, task, item="Cake")

        buyer_s.post(task.get_absolute_url(), {"_draft": "discard"})

        assert not Draft.objects.exists()
        assert 'value="Honey"' in buyer_s.get(task.get_absolute_url()).text

    def test_with_the_task__that_of_everybody(self, buyer_s, browser, admin_user, task):
        save(buyer_s, task, item="Cake")
        save(browser(admin_user), task, item="Pie")

        buyer_s.post(task.get_absolute_url(), {"item": "Tea"})

        assert not Draft.objects.exists()
        assert Purchase.objects.get().item == "Tea"

    def test_not_by_a_form_that_is_wrong(self, buyer_s, task):
        save(buyer_s, task, item="Cake")

        response = buyer_s.post(task.get_absolute_url(), {"item": "x" * 500})

        assert response.status_code == 200
        assert Draft.objects.exists()

    def test_not_by_looking_at_a_task_that_has_failed(self, buyer_s, task):
        save(buyer_s, task, item="Cake")
        Task.objects.filter(pk=task.pk).update(status=Task.FAILED)

        buyer_s.get(task.get_absolute_url())

        assert Draft.objects.exists()

    def test_what_is_sent_counts__not_the_draft(self, buyer_s, task):
        save(buyer_s, task, item="Cake")

        buyer_s.post(task.get_absolute_url(), {"item": ""})

        assert Purchase.objects.get().item == ""


def test_a_form_takes_no_further_statement(buyer_s, task, statements):
    buyer_s.get(task.get_absolute_url())

    with statements:
        buyer_s.get(task.get_absolute_url())

    # Session, user, permissions (two); the task with the draft, and the instance.
    assert len(statements.data) == 6, statements.data


class Pin(forms.MultiWidget):
    """Typed twice."""

    def __init__(self):
        super().__init__([forms.PasswordInput(render_value=True), forms.PasswordInput])

    def decompress(self, value):
        return [value, value]


class Everything(forms.Form):
    text = forms.CharField()
    number = forms.IntegerField()
    day = forms.DateField(widget=forms.SelectDateWidget(years=[2026]))
    when = forms.SplitDateTimeField()
    one = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    many = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")])
    boxes = forms.MultipleChoiceField(
        choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple
    )
    yes = forms.BooleanField(required=False)
    data = forms.JSONField()
    secret = forms.CharField(widget=forms.PasswordInput)
    pin = forms.CharField(widget=Pin)
    pin_owner = forms.CharField()
    file = forms.FileField()
    fixed = forms.CharField(disabled=True, initial="fixed")


TYPED = {
    "text": ["Cake\x00"], "number": ["many"], "day_day": ["2"], "day_month": ["11"],
    "day_year": ["2026"], "when_0": ["2026-11-02"], "when_1": ["noon"], "one": ["b"],
    "many": ["a", "b"], "boxes": ["b"], "yes": ["on"], "data": ['{"a": 1'], "secret": ["hush"],
    "pin_0": ["hush"], "pin_1": ["hush"], "pin_owner": ["Ann"],
    "fixed": ["changed"],
}  # fmt: skip


class TestFields:
    @pytest.fixture
    def kept(self):
        from django.http import QueryDict

        data = QueryDict(mutable=True)
        for name, values in TYPED.items():
            data.setlist(name, values)
        return drafts.texts_of(Everything(data))

    def test_secrets_and_files_are_not_kept(self, kept):
        assert kept.keys().isdisjoint({"secret", "pin_0", "pin_1"})

    def test_a_name_like_that_of_a_secret_is_kept(self, kept):
        assert kept["pin_owner"] == ["Ann"]
        assert "file" not in kept

    def test_what_no_database_takes_is_left_out(self, kept):
        assert kept["text"] == ["Cake"]

    def test_all_else_is_shown_as_it_was_typed(self, kept):
        form = Everything()

        drafts.fill_in(form, kept)

        html = str(form)
        for part in (
            'value="Cake"', 'value="many"', '<option value="2" selected>', 'value="2026-11-02"',
            'value="noon"', '<option value="b" selected>', "{&quot;a&quot;: 1<",
            'value="fixed"',
        ):  # fmt: skip
            assert part in html, part
        assert html.count(" checked") == 2
        assert html.count("selected>") == 6
        assert "hush" not in html

    def test_a_field_that_came_later_keeps_its_initial_value(self, kept):
        del kept["text"]
        form = Everything(initial={"text": "initial"})

        drafts.fill_in(form, kept)

        assert 'value="initial"' in str(form["text"])


def test_a_draft_is_no_answer_to_a_program(buyer_s, task):
    response = buyer_s.post(
        task.get_absolute_url(), {"_draft": "save", "item": "Cake"},
        content_type="application/json",
    )  # fmt: skip

    assert response.status_code == 422
    assert not Draft.objects.exists()


def test_saved_a_while_ago(buyer_s, task):
    save(buyer_s, task, item="Cake")
    Draft.objects.update(modified=timezone.now() - timedelta(days=400))

    assert "This is your draft" in buyer_s.get(task.get_absolute_url()).text
