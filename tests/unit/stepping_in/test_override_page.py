"""The page to step in shows what it would do, and then does it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from joeflow import engine
from joeflow.exceptions import InstanceLocked
from joeflow.models import Event
from tests.testapp.models import GreetingWorkflow, Report, Shipping
from tests.unit.stepping_in.browser import read_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def report():
    report = Report.objects.create(title="Honey", pages=1)
    engine.complete_start(report, "start")
    return report


@pytest.fixture
def url(report):
    return report.get_override_url()


@pytest.fixture
def page(client, winnie, url):
    """Return a function that sends what the page has, with changes."""
    client.force_login(winnie)

    def send(shown=None, **changes):
        shown = client.get(url) if shown is None else shown
        return client.post(url, {**read_page(shown), **changes})

    return send


def open_names(report):
    return sorted(report.task_set.open().values_list("name", flat=True))


def test_what_would_happen_is_shown__and_nothing_is_done(page, report):
    response = page(next_tasks=["read"], title="Milk", override_reason="The author is ill.")

    assert response.status_code == 200
    assert "<li>These tasks will be canceled: write</li>" in response.text
    assert "<li>These tasks will be started: read</li>" in response.text
    assert "<li>What has been done stays done: start</li>" in response.text
    assert "Nothing has been done so far. Read what will happen, and confirm." in response.text
    assert open_names(report) == ["write"]
    assert Report.objects.get().title == "Honey"


def test_sent_again__it_is_done(page, report, winnie):
    plan = page(next_tasks=["read"], title="Milk", override_reason="The author is ill.")

    response = page(plan)

    assert response.status_code == 302
    assert open_names(report) == ["read"]
    assert Report.objects.get().title == "Milk"
    assert Event.objects.get().describe() == "winnie stepped in: The author is ill."


def test_the_reason_is_on_the_page_of_the_instance(client, page, report):
    page(page(next_tasks=["read"], override_reason="The author is ill."))

    shown = client.get(report.get_absolute_url()).text

    assert "winnie stepped in: The author is ill." in shown


def test_choosing_nothing__is_said_to_end_it(page, report):
    plan = page(override_reason="Nobody needs it.")

    assert "Nothing will be started: the workflow ends." in plan.text
    page(plan)
    assert open_names(report) == []


def test_nothing_open__is_said(page, report):
    report.cancel()

    plan = page(next_tasks=["read"], override_reason="After all")

    assert "Nothing is open, and nothing will be canceled." in plan.text


def test_paused__is_said(page, report):
    report.pause(reason="Strike")

    plan = page(next_tasks=["read"], override_reason="After all")

    assert "It is paused: nothing starts until somebody lets it go on." in plan.text
    assert "Somebody paused it: Strike" in plan.text


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason__it_is_refused(page, report, reason):
    response = page(next_tasks=["read"], override_reason=reason)

    assert list(response.context["form"].errors) == ["override_reason"]
    assert open_names(report) == ["write"]


def test_another_choice_after_the_plan__is_shown_before(page, report):
    plan = page(next_tasks=["read"], override_reason="Ill")

    second = page(plan, next_tasks=["print_it"])

    assert "<li>These tasks will be started: print it</li>" in second.text
    assert open_names(report) == ["write"]
    assert page(second).status_code == 302
    assert open_names(report) == ["print_it"]


@pytest.mark.parametrize("sign", ["", "nonsense", "|read|", "9" * 5000])
def test_a_plan_that_was_not_shown__is_shown(page, report, sign):
    response = page(next_tasks=["read"], override_reason="Ill", override_plan=sign)

    assert response.status_code == 200
    assert open_names(report) == ["write"]


def test_a_file__is_asked_for_again(client, page, url, report, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    typed = {"next_tasks": ["read"], "override_reason": "Ill"}

    plan = page(**typed, file=SimpleUploadedFile("new.txt", b"New"))

    assert "Please choose these files once more: File" in plan.text
    without = page(plan)
    assert "Please choose" not in without.text
    assert page(plan, file=SimpleUploadedFile("new.txt", b"New")).status_code == 302
    assert Report.objects.get().file.name == "reports/new.txt"


class TestTheWorldHasChanged:
    @pytest.fixture
    def changed(self, page, report):
        """The plan was shown; then somebody wrote the report, and a machine counted its pages."""
        plan = page(next_tasks=["print_it"], title="Typed", override_reason="Ill")
        write = report.task_set.get(name="write")
        write.finish()
        write.start_next_tasks()
        Report.objects.update(pages=42)
        return page(plan)

    def test_nothing_is_done(self, changed, report):
        assert changed.status_code == 409
        assert open_names(report) == ["read"]
        assert Report.objects.get().title == "Honey"

    def test_it_is_said(self, changed):
        assert "Meanwhile this has changed. Please look again before you step in." in changed.text
        assert "Open now: read" in changed.text

    def test_what_was_typed_is_kept__and_the_rest_is_new(self, changed):
        sent = read_page(changed)

        assert (sent["title"], sent["next_tasks"]) == (["Typed"], ["print_it"])
        assert sent["override_reason"].strip() == "Ill"
        assert sent["pages"] == ["42"]

    def test_sent_again__what_was_typed_is_saved_and_nothing_else(self, changed, page, report):
        page(page(changed))

        fresh = Report.objects.get()
        assert (fresh.title, fresh.pages) == ("Typed", 42)
        assert open_names(report) == ["print_it"]


class TestSomebodyHasFilledInWhatWasEmpty:
    """A field that is required was empty when the page was shown."""

    @pytest.fixture
    def parcel(self, db):
        parcel = Shipping.objects.create()
        parcel.task_set.create(name="ship", type="human", workflow=parcel)
        return parcel

    @pytest.fixture
    def url(self, parcel):
        return parcel.get_override_url()

    @pytest.fixture
    def plan(self, page):
        return page(next_tasks=["end"], override_reason="Ill")

    def test_with_a_task__it_is_said_and_shown(self, plan, page, parcel):
        ship = parcel.task_set.get(name="ship")
        ship.finish()
        ship.start_next_tasks()
        Shipping.objects.update(shipping_address="Theirs")

        response = page(plan)

        assert response.status_code == 409
        assert "Meanwhile this has changed." in response.text
        assert read_page(response)["shipping_address"].strip() == "Theirs"

    def test_by_itself__it_stays(self, plan, page):
        Shipping.objects.update(shipping_address="Theirs")

        response = page(plan)

        assert response.status_code == 302
        assert Shipping.objects.get().shipping_address == "Theirs"

    def test_what_was_there__cannot_be_emptied(self, page):
        Shipping.objects.update(shipping_address="Wood 1")

        response = page(next_tasks=["end"], override_reason="Ill", shipping_address="")

        assert list(response.context["form"].errors) == ["shipping_address"]


def test_what_a_machine_changes_meanwhile__is_not_overwritten(page, report):
    plan = page(next_tasks=["read"], override_reason="Ill")
    Report.objects.update(pages=42)

    page(plan)

    assert Report.objects.get().pages == 42


def test_busy__what_was_typed_is_kept(page, report, monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    plan = page(next_tasks=["read"], title="Typed", override_reason="Ill")
    with monkeypatch.context() as patch:
        patch.setattr("joeflow.transitions.lock_instance", taken)
        response = page(plan)

    assert response.status_code == 409
    assert read_page(response)["title"] == ["Typed"]
    assert page(response).status_code in (200, 302)


def test_a_program_that_has_not_looked__does_it_at_once(client, winnie, url, report):
    client.force_login(winnie)

    response = client.post(url, {"title": "Honey", "pages": 1, "next_tasks": ["read"]})

    assert response.status_code == 302
    assert open_names(report) == ["read"]


def test_a_form_of_a_project__may_leave_things_out(client, winnie):
    client.force_login(winnie)
    greeting = GreetingWorkflow.objects.create(note="Hello")
    page = client.get(greeting.get_override_url())
    sent = {k: v for k, v in read_page(page).items() if not k.startswith("override_")}

    response = client.post(greeting.get_override_url(), {**sent, "next_tasks": ["check_note"]})

    assert response.status_code == 302
