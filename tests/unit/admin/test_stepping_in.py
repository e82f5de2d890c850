"""Override, pause and resume in the list of a workflow."""

import pytest
from django.contrib.admin.models import LogEntry

from joeflow.admin import stepping_in
from joeflow.models import Event, Task
from joeflow.testing import run
from tests.testapp.models import Loan
from tests.unit.admin.pages import texts
from tests.unit.stepping_in.browser import read_page

pytestmark = pytest.mark.django_db

URL = "/admin/testapp/loan/"
BUSY = "a task of the workflow is running, try again in a moment"


@pytest.fixture
def loans():
    return [Loan.start(borrower=name) for name in ("Ada", "Bob", "Cleo")]


def select(client, action, loans, url=URL, **data):
    """Choose an action for these instances, and return the page that follows."""
    data = {"action": action, "_selected_action": [loan.pk for loan in loans], "index": 0, **data}
    return client.post(url, data, follow=True)


def confirm(client, page, url=URL, **data):
    """Send the page between, with what is typed."""
    return client.post(url, {**read_page(page), **data}, follow=True)


def open_names(loan):
    return sorted(loan.task_set.open().values_list("name", flat=True))


class TestOverride:
    def test_it_says_what_is_open__and_does_nothing(self, boss, loans):
        run(loans[0])

        page = select(boss, "override_selected", loans)

        assert page.status_code == 200
        assert "3 workflows are selected." in page.text
        assert "This is open in them, and will be canceled: fetch (2), hand over (1)" in page.text
        assert open_names(loans[1]) == ["fetch"]

    def test_it_does_so_when_that_is_confirmed(self, boss, loans):
        page = select(boss, "override_selected", loans[:2])

        response = confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        assert texts(response) == ["2 workflows were overridden."]
        assert [open_names(loan) for loan in loans] == [["put_back"], ["put_back"], ["fetch"]]
        assert {event.text for event in Event.objects.all()} == {"Lost"}
        assert {event.user.first_name for event in Event.objects.all()} == {"Boss"}

    def test_it_asks_why(self, boss, loans):
        page = select(boss, "override_selected", loans)

        response = confirm(boss, page, next_tasks=["put_back"], reason="")

        assert list(response.context["form"].errors) == ["reason"]
        assert open_names(loans[0]) == ["fetch"]
        assert confirm(boss, response, next_tasks=["put_back"], reason="Lost").status_code == 200
        assert open_names(loans[0]) == ["put_back"]

    def test_what_is_no_task__is_refused(self, boss, loans):
        page = select(boss, "override_selected", loans)

        response = confirm(boss, page, next_tasks=["start"], reason="Lost")

        assert list(response.context["form"].errors) == ["next_tasks"]

    def test_busy_ones_are_skipped(self, boss, loans, busy):
        page = select(boss, "override_selected", loans)

        with busy(loans[0].pk, loans[1].pk) as asked:
            response = confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        assert texts(response) == [
            "1 workflow was overridden.",
            f"2 workflows were skipped: {BUSY} (2).",
        ]
        assert asked == [True, False, False]
        assert open_names(loans[0]) == ["fetch"]

    def test_what_the_code_refuses__is_told(self, boss, loans, monkeypatch):
        def refuse(*args, **options):
            raise ValueError("no honey")

        monkeypatch.setattr(Task, "_override", staticmethod(refuse))
        page = select(boss, "override_selected", loans[:1])

        response = confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        assert texts(response) == ["1 workflow was skipped: no honey (1)."]

    def test_all_pages(self, boss, loans):
        page = select(boss, "override_selected", loans[:1], select_across=1)
        assert "3 workflows are selected." in page.text

        response = confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        assert texts(response) == ["3 workflows were overridden."]

    def test_others_than_those_that_were_shown__are_asked_for_again(self, boss, loans):
        page = select(boss, "override_selected", loans[:1], select_across=1)
        Loan.start(borrower="Dora")

        response = confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        assert "The selection has changed meanwhile. Look again, please." in response.text
        assert "4 workflows are selected." in response.text
        assert open_names(loans[0]) == ["fetch"]

    def test_it_is_recorded(self, boss, loans, monkeypatch):
        monkeypatch.setattr(stepping_in, "CHUNK", 2)
        page = select(boss, "override_selected", loans)

        confirm(boss, page, next_tasks=["put_back"], reason="Lost")

        entries = LogEntry.objects.order_by("pk").values_list("change_message", "object_repr")
        assert list(entries) == [("Overridden.", name) for name in ("Ada", "Bob", "Cleo")]


class TestPauseAndResume:
    def test_pause(self, boss, loans):
        page = select(boss, "pause_selected", loans[:2])

        response = confirm(boss, page, reason="Strike")

        assert texts(response) == ["2 workflows are paused."]
        assert list(Loan.objects.paused().order_by("pk")) == loans[:2]
        assert Event.objects.first().text == "Strike"

    def test_pause__without_a_reason(self, boss, loans):
        page = select(boss, "pause_selected", loans)

        response = confirm(boss, page, reason=" ")

        assert list(response.context["form"].errors) == ["reason"]
        assert not Loan.objects.paused().exists()

    def test_pause__what_is_so_before_or_has_ended(self, boss, loans):
        loans[0].pause()
        loans[1].cancel()
        page = select(boss, "pause_selected", loans)

        response = confirm(boss, page, reason="Strike")

        assert texts(response) == [
            "1 workflow is paused.",
            "2 workflows were skipped: it was so before (1), ended before (1).",
        ]

    def test_resume(self, boss, loans):
        Loan.objects.pause()

        response = select(boss, "resume_selected", loans[:2])

        assert texts(response) == ["2 workflows go on."]
        assert list(Loan.objects.paused()) == loans[2:]


class TestWhatIsShown:
    def test_the_list(self, boss, loans):
        loans[0].pause()

        page = boss.get(f"{URL}?paused=1")

        assert list(page.context["cl"].queryset) == loans[:1]
        assert "column-joeflow_paused" in page.text
        assert list(boss.get(f"{URL}?paused=0").context["cl"].queryset) == loans[:0:-1]
        assert boss.get(f"{URL}?paused=x").context["cl"].queryset.count() == 3

    def test_the_page_of_an_instance(self, boss, loans):
        loans[0].pause(reason="Strike")

        assert "Somebody paused it: Strike" in boss.get(f"{URL}{loans[0].pk}/change/").text
        assert "paused it" not in boss.get(f"{URL}{loans[1].pk}/change/").text


@pytest.mark.parametrize("action", ["override_selected", "pause_selected", "resume_selected"])
class TestPermissions:
    def test_who_may_step_in__is_offered_it(self, staff, loans, action):
        page = staff("testapp.view_loan", "joeflow.override").get(URL)

        names = [name for name, _ in page.context["action_form"].fields["action"].choices]
        assert action in names

    def test_others_are_not(self, staff, loans, action):
        client = staff("testapp.view_loan", "testapp.change_loan")
        loans[0].pause()

        select(client, action, loans, confirmed=3, reason="x", next_tasks=["put_back"])

        assert list(Loan.objects.paused()) == loans[:1]
        assert open_names(loans[1]) == ["fetch"]
