"""Keys that no row can have, and keys of rows that are none of this address."""

import pytest

from joeflow.keys import read_key
from tests.testapp.models import GreetingWorkflow, Letter, Loan

pytestmark = pytest.mark.django_db

GREATEST = 2**63 - 1
#: Beyond 64 bits, beyond what Python reads as a number, and digits of other scripts.
NO_KEYS = [str(GREATEST + 1), "9" * 30, "9" * 5000, "٣"]


@pytest.mark.parametrize("text", [*NO_KEYS, "", "-1", "+1", "1_0", " 1", "1.0", "\x00", "x"])
def test_read_key__none(text):
    assert read_key(text) is None


@pytest.mark.parametrize("key", [0, 1, GREATEST])
def test_read_key(key):
    assert read_key(str(key)) == key


@pytest.mark.parametrize("key", [str(GREATEST), *NO_KEYS])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("url", ["/greeting/{}/override", "/greeting/check_note/{}/"])
def test_page_of_no_instance__is_not_found(boss, url, method, key):
    assert getattr(boss, method)(url.format(key)).status_code == 404


@pytest.mark.parametrize("key", [str(GREATEST), *NO_KEYS])
def test_detail_of_no_instance__is_not_found(boss, key):
    assert boss.get(f"/greeting/{key}/").status_code == 404


@pytest.mark.parametrize("key", [str(GREATEST + 1), "9" * 5000, "%00"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["change", "delete"])
@pytest.mark.parametrize("model", ["joeflow/task", "testapp/loan", "testapp/letter"])
def test_admin_of_no_row__says_so(boss, model, page, method, key):
    response = getattr(boss, method)(f"/admin/{model}/{key}/{page}/", {})

    # Nobody may change or delete tasks; else, Django sends to the index with a message. Django 6.1
    # looks for the task before it asks who may change it.
    refused = model == "joeflow/task" and (page == "delete" or method == "post")
    answers = {403} if page == "delete" else {403, 302}
    assert response.status_code in (answers if refused else {302})


@pytest.mark.extra("reversion")
@pytest.mark.parametrize("key", [str(GREATEST + 1), "9" * 5000, "%00"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["{}/history/", "{}/history/{version}/", "recover/{}/"])
def test_history_of_no_row__is_not_found(boss, page, method, key):
    letter = Letter.start()

    url = "/admin/testapp/letter/" + page.format(key, version=get_version(letter).pk)
    response = getattr(boss, method)(url, follow=True)

    # What has no digits is no address of a version, but one of an instance, which is not there.
    assert response.status_code == 404 or "Perhaps it was deleted?" in response.text


@pytest.mark.extra("reversion")
@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000])
def test_version_that_is_none__is_not_found(boss, key):
    letter = Letter.start()

    response = boss.get(f"/admin/testapp/letter/{letter.pk}/history/{key}/")

    assert response.status_code == 404


@pytest.mark.extra("reversion")
@pytest.mark.parametrize("page", ["recover/{version}/", "{pk}/history/{version}/"])
def test_version_of_another_class__is_left_alone(boss, client, page, django_user_model):
    """Who may change letters alone goes back with nothing else.

    django-reversion takes the version of anything, and would answer 302 when it has gone back.
    """
    from django.contrib.auth.models import Permission

    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    for name in ("add_letter", "change_letter", "view_letter"):
        clerk.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(clerk)
    data = {"borrower": "Ada", "data": "{}", "_save": "yes"}
    boss.post("/admin/testapp/loan/add/", data)
    loan = Loan.objects.get()
    version = get_version(loan)
    Loan.objects.update(borrower="Bea")

    url = "/admin/testapp/letter/" + page.format(pk=loan.pk, version=version.pk)
    response = client.post(url, {"text": "x"})

    loan.refresh_from_db()
    assert (response.status_code, loan.borrower) == (404, "Bea")


@pytest.mark.extra("reversion")
def test_version_of_another_instance__is_not_found(boss):
    letter, other = Letter.start(text="Before"), Letter.start()

    url = f"/admin/testapp/letter/{other.pk}/history/{get_version(letter).pk}/"
    Letter.objects.update(text="After")

    assert boss.post(url, {"text": "x"}).status_code == 404
    letter.refresh_from_db()
    assert letter.text == "After"


def get_version(instance):
    from reversion.models import Version

    return Version.objects.get_for_object(instance).first()


@pytest.mark.parametrize("page", ["", "override"])
def test_page_of_another_class__is_not_found(boss, page):
    other = Letter.objects.create(text="secret")
    GreetingWorkflow.objects.create()

    response = boss.get(f"/greeting/{other.pk}/{page}")

    assert response.status_code == 404
    assert "secret" not in response.text
