"""The admin of people's own workflows."""

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.test.utils import CaptureQueriesContext

from joeflow.admin import WorkflowAdmin
from joeflow.admin.forms import OVERRIDE_FIELDS
from joeflow.admin.lists import LimitedPaginator
from joeflow.diagrams import dot
from joeflow.exceptions import InstanceLocked, MissingExtra
from joeflow.models import Task
from joeflow.testing import run
from tests.testapp.models import Letter, Loan, Parcel, RegisteredLetter
from tests.unit.admin.pages import read_form, texts

pytestmark = pytest.mark.django_db

URL = "/admin/testapp/loan/"
XSS = "<script>alert(1)</script>"
BUSY = "A task of this workflow is running. Nothing was changed; try again in a moment."
CHANGE = "testapp.change_loan"


def change_url(instance):
    return f"/admin/testapp/{instance._meta.model_name}/{instance.pk}/change/"


def fill(client, instance, **values):
    """Open an instance's page and return what a browser would send after these changes."""
    response = client.get(change_url(instance))
    assert response.status_code == 200
    data = read_form(response, f"{instance._meta.model_name}_form")
    for name, value in values.items():
        data[name] = value
    return {name: value for name, value in data.items() if value is not None}


def save(client, instance, data):
    """Send a form; return the page that follows."""
    return client.post(change_url(instance), data, follow=True)


def errors(response):
    return response.context["adminform"].form.errors


@pytest.fixture
def full_loan(db):
    """Return an instance with a value in each field."""
    clerk = User.objects.create(username="ada")
    loan = Loan.objects.create(
        borrower="Ada",
        note="first\nsecond",
        due="2026-11-23T12:00:00.123456Z",
        urgent=True,
        data={"pages": [1, 2]},
        picture="loans/old.png",
        clerk=clerk,
    )
    loan.watchers.set([clerk, User.objects.create(username="bob")])
    return Loan.objects.get()


@pytest.fixture
def hook_that_raises():
    """Return a function that lets a hook come upon a locked instance, after the next commit."""

    def hook():
        raise InstanceLocked

    def receive(**kwargs):
        transaction.on_commit(hook)

    def connect(signal):
        signals.append(signal)
        signal.connect(receive, sender=Loan)

    signals = []
    yield connect
    for signal in signals:
        signal.disconnect(receive, sender=Loan)


class TestPage:
    @pytest.mark.extra("graphviz-pure")
    def test_draws_the_graph(self, boss, make_task, loan):
        make_task(loan)

        content = boss.get(change_url(loan)).content.decode()

        assert '<div class="joeflow-graph"><svg' in content
        assert "hand over" in content

    @pytest.mark.parametrize("error", [dot.RendererMissing, MissingExtra])
    def test_says_what_to_install_where_nothing_can_draw(self, boss, loan, monkeypatch, error):
        def refuse(self, output_format="svg"):
            raise error("Run: pip install 'joeflow[graphviz-pure]'")

        monkeypatch.setattr(Loan, "get_instance_graph_svg", refuse)
        task = Task.objects.create(name="fetch", type="machine", workflow=loan)

        content = boss.get(change_url(loan)).content.decode()

        assert "Run: pip install &#x27;joeflow[graphviz-pure]&#x27;" in content
        assert f"fetch ({task.pk})" in content

    def test_lists_the_tasks_with_links(self, boss, make_task, loan):
        task = make_task(loan, exception=f"ValueError({XSS})")

        content = boss.get(change_url(loan)).content.decode()

        assert f'<a href="/admin/joeflow/task/{task.pk}/change/">fetch ({task.pk})</a>' in content
        assert "ValueError(&lt;script&gt;" in content

    def test_links_no_task_for_who_may_not_see_tasks(self, staff, make_task, loan):
        task = make_task(loan)

        content = staff("testapp.view_loan").get(change_url(loan)).content.decode()

        assert f"fetch ({task.pk})" in content
        assert f"/admin/joeflow/task/{task.pk}/change/" not in content

    def test_takes_the_same_statements_for_one_task_as_for_many(self, boss, make_task, loan):
        person = User.objects.create(username="ada")
        make_task(loan, completed_by_user=person).assignees.add(person)
        url = change_url(loan)
        boss.get(url)
        with CaptureQueriesContext(connection) as few:
            boss.get(url)
        for number in range(30):
            other = User.objects.create(username=f"u{number}")
            make_task(loan, completed_by_user=other).assignees.add(other)

        with CaptureQueriesContext(connection) as many:
            boss.get(url)

        assert len(many) == len(few)

    def test_shows_the_most_recent_tasks_alone(self, boss, make_task, loan, monkeypatch):
        monkeypatch.setattr("joeflow.admin.inlines.MOST_TASKS", 2)
        old, *_recent = [make_task(loan) for _ in range(3)]

        content = boss.get(change_url(loan)).content.decode()
        inline = content[content.index("joeflow-tasks") :]

        assert "Only the most recent tasks are shown." in inline
        assert f'<a href="/admin/joeflow/task/?_workflow={loan.pk}">All tasks</a>' in inline
        assert f"fetch ({old.pk})" not in inline

    def test_escapes_what_somebody_else_wrote(self, boss, make_task):
        loan = Loan.objects.create(borrower=XSS, note=f"</textarea>{XSS}", data={"a": XSS})
        make_task(loan, name=XSS, exception=XSS)

        assert XSS not in boss.get(change_url(loan)).content.decode()

    def test_keeps_to_what_a_content_security_policy_allows(self, boss, make_task, loan):
        make_task(loan)

        content = boss.get(change_url(loan)).content.decode()
        main = content[content.index('id="content"') : content.index("</main>")]

        assert " style=" not in main
        assert "<style" not in main
        assert " onclick" not in main
        assert "<script>" not in main
        assert 'src="http' not in main

    @pytest.mark.parametrize("model", [Letter, Parcel, RegisteredLetter])
    def test_shows_concrete_proxied_and_inherited_workflows(self, boss, model):
        instance = run(model.start())
        task = instance.task_set.first()

        content = boss.get(change_url(instance)).content.decode()

        assert f"{task.name} ({task.pk})" in content

    def test_can_be_seen_without_the_permission_to_change(self, staff, full_loan):
        response = staff("testapp.view_loan").get(change_url(full_loan))

        assert response.status_code == 200
        assert 'name="_save"' not in response.content.decode()

    def test_says_so_where_the_instance_is_gone(self, boss):
        response = boss.post(f"{URL}999/change/", follow=True)

        assert texts(response) == ["loan with ID “999” doesn\u2019t exist. Perhaps it was deleted?"]

    def test_says_so_where_the_address_is_none(self, boss):
        response = boss.post(f"{URL}abc/change/", follow=True)

        assert texts(response) == ["loan with ID “abc” doesn\u2019t exist. Perhaps it was deleted?"]


class TestAdding:
    def test_shows_the_state_alone(self, boss):
        response = boss.get(f"{URL}add/")
        content = response.content.decode()

        assert response.status_code == 200
        assert "borrower" in content
        assert "next_tasks" not in content
        assert "joeflow-graph" not in content
        assert "joeflow-tasks" not in content

    def test_saves_the_state(self, boss):
        data = read_form(boss.get(f"{URL}add/"), "loan_form")

        boss.post(f"{URL}add/", {**data, "borrower": "Bob", "note": "new"})

        assert list(Loan.objects.values_list("borrower", "note")) == [("Bob", "new")]

    def test_is_not_told_to_try_again_where_a_hook_after_the_commit_raises(
        self, transactional_db, boss, hook_that_raises
    ):
        data = read_form(boss.get(f"{URL}add/"), "loan_form")
        hook_that_raises(post_save)

        with pytest.raises(InstanceLocked):
            boss.post(f"{URL}add/", {**data, "borrower": "Bob"})

        assert list(Loan.objects.values_list("borrower", flat=True)) == ["Bob"]


class TestSaving:
    def test_saves_what_was_changed(self, boss, full_loan):
        data = fill(boss, full_loan, borrower="Bob", urgent=None, data='{"a": 1}')
        data["due_0"], data["due_1"] = "2027-01-02", "03:04:05"

        response = save(boss, full_loan, data)

        loan = Loan.objects.get()
        assert texts(response) == [
            f'The loan “<a href="{change_url(loan)}">Bob</a>” was changed successfully.'
        ]
        assert (loan.borrower, loan.urgent, loan.data) == ("Bob", False, {"a": 1})
        assert loan.due.isoformat() == "2027-01-02T03:04:05+00:00"

    def test_changes_no_row_where_nothing_was_changed(self, boss, full_loan):
        data = fill(boss, full_loan)

        with CaptureQueriesContext(connection) as queries:
            save(boss, full_loan, data)

        loan = Loan.objects.get()
        written = [q["sql"] for q in queries if '"testapp_loan' in q["sql"].replace("`", '"')]
        assert not [sql for sql in written if not sql.startswith("SELECT")]
        assert loan.modified == full_loan.modified
        assert loan.due == full_loan.due
        assert loan.note == "first\nsecond"

    @pytest.mark.parametrize(
        "meanwhile",
        [
            {"note": "by a machine"},
            {"due": None},
            {"urgent": False},
            {"data": {"by": "a machine"}},
            {"picture": "loans/new.png"},
            {"clerk": None},
        ],
    )
    def test_keeps_what_a_machine_task_changed_meanwhile(self, boss, full_loan, meanwhile):
        data = fill(boss, full_loan, borrower="Bob")
        Loan.objects.update(**meanwhile)

        save(boss, full_loan, data)

        loan = Loan.objects.get()
        assert loan.borrower == "Bob"
        assert {name: getattr(loan, name) or None for name in meanwhile} == {
            name: value or None for name, value in meanwhile.items()
        }

    def test_keeps_relations_that_a_machine_task_changed_meanwhile(self, boss, full_loan):
        data = fill(boss, full_loan, borrower="Bob")
        full_loan.watchers.set([User.objects.get(username="bob")])

        save(boss, full_loan, data)

        assert [user.username for user in full_loan.watchers.all()] == ["bob"]

    def test_keeps_relations_that_a_machine_task_made_meanwhile(self, boss, loan):
        data = fill(boss, loan, borrower="Bob")
        loan.watchers.set([User.objects.create(username="bob")])

        save(boss, loan, data)

        assert [user.username for user in loan.watchers.all()] == ["bob"]

    def test_changes_relations(self, boss, full_loan):
        bob = User.objects.get(username="bob")
        data = fill(boss, full_loan, watchers=[bob.pk], clerk=bob.pk)

        save(boss, full_loan, data)

        assert list(full_loan.watchers.all()) == [bob]
        assert Loan.objects.get().clerk == bob

    def test_takes_what_the_person_typed_where_both_changed_it(self, boss, full_loan):
        data = fill(boss, full_loan, note="by a person")
        Loan.objects.update(note="by a machine")

        save(boss, full_loan, data)

        assert Loan.objects.get().note == "by a person"

    def test_saves_what_a_program_sends_without_hidden_values(self, boss, full_loan):
        data = fill(boss, full_loan, note="")
        data = {name: value for name, value in data.items() if not name.startswith("initial-")}

        save(boss, full_loan, data)

        assert Loan.objects.get().note == ""

    def test_loses_nothing_where_a_field_is_refused(self, boss, full_loan):
        data = fill(boss, full_loan, borrower="", watchers=[])
        data["due_0"] = "2027-01-02"
        Loan.objects.update(note="by a machine")
        response = save(boss, full_loan, data)
        again = read_form(response, "loan_form") | {"borrower": ["Bob"]}

        save(boss, full_loan, again)

        loan = Loan.objects.get()
        assert errors(response) == {"borrower": ["This field is required."]}
        assert (loan.borrower, loan.note, loan.due.year) == ("Bob", "by a machine", 2027)
        assert not loan.watchers.exists()

    def test_keeps_relations_that_were_chosen_where_a_field_is_refused(self, boss, loan):
        bob = User.objects.create(username="bob")
        response = save(boss, loan, fill(boss, loan, borrower="", watchers=[bob.pk]))
        again = read_form(response, "loan_form") | {"borrower": ["Bob"]}

        save(boss, loan, again)

        assert list(loan.watchers.all()) == [bob]

    def test_takes_files(self, boss, full_loan, settings, tmp_path):
        from django.core.files.uploadedfile import SimpleUploadedFile

        settings.MEDIA_ROOT = tmp_path
        data = fill(boss, full_loan, picture=SimpleUploadedFile("new.png", b"png"))

        save(boss, full_loan, data)

        assert Loan.objects.get().picture.name == "loans/new.png"

    def test_sets_what_is_set_at_each_save(self, boss, full_loan):
        save(boss, full_loan, fill(boss, full_loan, borrower="Bob"))

        loan = Loan.objects.get()
        assert loan.revised > full_loan.revised
        assert loan.modified > full_loan.modified

    def test_locks_the_instance_before_it_is_loaded(self, boss, full_loan, busy):
        data = fill(boss, full_loan, borrower="Bob")

        with busy() as asked, CaptureQueriesContext(connection) as queries:
            save(boss, full_loan, data)

        statements = [q["sql"].replace("`", '"') for q in queries]
        locks = [n for n, sql in enumerate(statements) if 'UPDATE "joeflow_workflow"' in sql]
        loads = [n for n, sql in enumerate(statements) if 'FROM "testapp_loan"' in sql]
        locks += [n for n, sql in enumerate(statements) if "FOR " in sql]
        assert asked == [True]
        assert min(locks) < min(loads)

    def test_shows_the_form_as_it_was_sent_where_a_task_is_running(self, boss, full_loan, busy):
        data = fill(boss, full_loan, borrower="Bob")

        with busy(full_loan.pk):
            response = save(boss, full_loan, data)

        assert errors(response)["__all__"] == [BUSY]
        assert read_form(response, "loan_form")["borrower"] == ["Bob"]
        assert Loan.objects.get().borrower == "Ada"

    def test_refuses_who_may_not_change(self, staff, full_loan):
        client = staff("testapp.view_loan")

        response = save(client, full_loan, {"borrower": "Bob"})

        assert response.status_code == 403
        assert Loan.objects.get().borrower == "Ada"


def confirm(client, loan, data):
    """Send a form, and once more when it has said what will happen."""
    return save(client, loan, read_form(save(client, loan, data), "loan_form"))


class TestOverride:
    @pytest.fixture
    def started(self):
        return Loan.start(borrower="Ada")

    def test_shows_what_would_happen_before(self, boss, started):
        data = fill(boss, started, next_tasks=["put_back"], override_reason="Lost")

        response = save(boss, started, data)

        assert errors(response) == {"override_plan": ["Look at what will happen, and save again."]}
        assert "<li>These tasks will be canceled: fetch</li>" in response.text
        assert "<li>These tasks will be started: put back</li>" in response.text
        assert not started.task_set.filter(name="override").exists()

    def test_asks_why(self, boss, started):
        response = save(boss, started, fill(boss, started, next_tasks=["put_back"]))

        assert errors(response) == {"override_reason": ["Say why you step in."]}

    def test_sends_the_instance_elsewhere(self, boss, started):
        chosen = ["hand_over", "put_back"]
        data = fill(boss, started, next_tasks=chosen, borrower="Bob", override_reason="It is lost.")

        confirm(boss, started, data)

        override = started.task_set.get(name="override")
        assert started.task_set.get(name="fetch").status == Task.CANCELED
        assert override.completed_by_user.first_name == "Boss"
        assert {task.name for task in override.child_task_set.all()} == {"hand_over", "put_back"}
        assert [event.text for event in override.event_set.all()] == ["It is lost."]
        assert Loan.objects.get().borrower == "Bob"

    def test_leaves_the_tasks_alone_where_nothing_is_chosen(self, boss, started):
        save(boss, started, fill(boss, started, borrower="Bob"))

        assert sorted(started.task_set.values_list("name", flat=True)) == ["fetch", "start"]
        assert Loan.objects.get().borrower == "Bob"

    def test_offers_all_tasks_but_the_start(self, boss, started):
        form = boss.get(change_url(started)).context["adminform"].form

        choices = [name for name, _ in form.fields["next_tasks"].choices]
        assert choices == ["fetch", "hand_over", "put_back"]

    def test_refuses_what_the_person_has_not_seen(self, boss, started):
        data = fill(boss, started, next_tasks=["put_back"], borrower="Bob", override_reason="Lost")
        run(started)

        response = save(boss, started, data)

        assert errors(response) == {
            "next_tasks": [
                "Other tasks are open by now: look again, and save again if it is still right."
            ]
        }
        assert not started.task_set.filter(name="override").exists()
        assert Loan.objects.get().borrower == "Ada"

    def test_takes_it_once_the_person_has_seen_it(self, boss, started):
        data = fill(boss, started, next_tasks=["put_back"], borrower="Bob", override_reason="Lost")
        run(started)
        again = read_form(save(boss, started, data), "loan_form")

        confirm(boss, started, again)

        assert started.task_set.get(name="hand_over").status == Task.CANCELED
        assert started.task_set.open().get().name == "put_back"
        assert Loan.objects.get().borrower == "Bob"

    def test_does_nothing_where_a_task_is_running(self, boss, started, busy):
        data = fill(boss, started, next_tasks=["put_back"])

        with busy(started.pk):
            response = save(boss, started, data)

        assert errors(response)["__all__"] == [BUSY]
        assert started.task_set.open().get().name == "fetch"

    @pytest.mark.parametrize(
        ("permissions", "offered"),
        [
            ([CHANGE], False),
            ([CHANGE, "joeflow.override"], True),
            (["testapp.view_loan", "joeflow.override"], False),
        ],
    )
    def test_needs_the_permission(self, staff, started, permissions, offered):
        content = staff(*permissions).get(change_url(started)).content.decode()

        assert ('name="next_tasks"' in content) is offered

    def test_takes_the_permission_of_the_workflow_itself(self, staff, started):
        from django.contrib.auth.models import Permission
        from django.contrib.contenttypes.models import ContentType

        Permission.objects.create(
            codename="override_loan", content_type=ContentType.objects.get_for_model(Loan)
        )

        content = staff(CHANGE, "testapp.override_loan").get(change_url(started)).content.decode()

        assert 'name="next_tasks"' in content

    def test_is_ignored_without_the_permission(self, staff, started):
        client = staff(CHANGE)
        data = fill(client, started, borrower="Bob", next_tasks=["put_back"])

        save(client, started, data)

        assert started.task_set.open().get().name == "fetch"
        assert Loan.objects.get().borrower == "Bob"

    def test_is_not_offered_for_a_class_without_tasks(self, boss):
        parcel = Parcel.start()

        content = boss.get(f"/admin/testapp/parcelstate/{parcel.pk}/change/").content.decode()

        assert 'name="next_tasks"' not in content
        assert "weigh (" in content


class TestDeleting:
    def test_deletes_the_instance_and_its_tasks(self, boss, make_task, loan):
        make_task(loan)

        boss.post(f"{URL}{loan.pk}/delete/", {"post": "yes"})

        assert not Loan.objects.exists()
        assert not Task.objects.exists()

    def test_needs_no_permission_to_delete_tasks(self, staff, make_task, loan):
        make_task(loan)
        client = staff("testapp.view_loan", "testapp.delete_loan")

        client.post(f"{URL}{loan.pk}/delete/", {"post": "yes"})

        assert not Loan.objects.exists()

    def test_needs_the_permission_for_others_that_are_called_task(
        self, staff, loan, monkeypatch, rf
    ):
        client = staff("testapp.view_loan", "testapp.delete_loan")
        monkeypatch.setattr(Letter._meta, "verbose_name", "task")
        request = rf.post("/")
        request.user = User.objects.get(pk=client.session["_auth_user_id"])
        letter = Letter.objects.create()

        letters = admin.site.get_model_admin(Letter)
        _, _, lacking, _ = letters.get_deleted_objects([letter], request)

        assert lacking == {"task"}

    def test_deletes_nothing_where_a_task_is_running(self, boss, loan, busy):
        with busy(loan.pk):
            response = boss.post(f"{URL}{loan.pk}/delete/", {"post": "yes"}, follow=True)

        assert texts(response) == [BUSY]
        assert Loan.objects.exists()

    def test_is_not_told_to_try_again_where_a_hook_after_the_commit_raises(
        self, transactional_db, boss, loan, hook_that_raises
    ):
        hook_that_raises(post_delete)

        with pytest.raises(InstanceLocked):
            boss.post(f"{URL}{loan.pk}/delete/", {"post": "yes"})

        assert not Loan.objects.exists()

    def test_deletes_several(self, boss, make_task):
        loans = [make_task().workflow for _ in range(3)]

        boss.post(URL, self.selected(loans))

        assert not Loan.objects.exists()

    def test_deletes_all_or_none_of_several(self, boss, busy):
        loans = [Loan.objects.create(borrower=str(number)) for number in range(3)]

        with busy(loans[2].pk):
            response = boss.post(URL, self.selected(loans), follow=True)

        assert texts(response) == [BUSY]
        assert Loan.objects.count() == 3

    def selected(self, loans):
        return {
            "action": "delete_selected",
            "_selected_action": [loan.pk for loan in loans],
            "post": "yes",
        }


class TestList:
    def test_counts_no_further_than_anybody_leafs(self, boss, monkeypatch):
        monkeypatch.setattr(LimitedPaginator, "limit", 100)
        for _ in range(102):
            Loan.objects.create()

        content = boss.get(URL).content.decode()

        assert "There are more than 100 loans; the first of them can be leafed through." in content

    def form(self, loan, **values):
        return {
            "form-TOTAL_FORMS": 1,
            "form-INITIAL_FORMS": 1,
            "form-0-workflow_ptr": loan.pk,
            "_save": "Save",
            **values,
        }

    def test_saves_the_changed_columns_of_a_row(self, boss, full_loan):
        with CaptureQueriesContext(connection) as queries:
            boss.post(URL, self.form(full_loan))

        [update] = [
            q["sql"].replace("`", '"')
            for q in queries
            if 'UPDATE "testapp_loan"' in q["sql"].replace("`", '"')
        ]
        assert Loan.objects.get().urgent is False
        assert '"note"' not in update

    def test_changes_no_row_of_an_instance_whose_task_is_running(self, boss, full_loan, busy):
        with busy(full_loan.pk):
            response = boss.post(URL, self.form(full_loan), follow=True)

        assert texts(response) == [BUSY]
        assert Loan.objects.get().urgent is True


class TestSubclass:
    class NoteForm(forms.ModelForm):
        extra_word = forms.CharField(required=False)

        def clean(self):
            self.instance.note = f"{self.cleaned_data['note']} {self.cleaned_data['extra_word']}"
            return super().clean()

        class Meta:
            model = Loan
            fields = ("note",)

    @pytest.fixture
    def site(self, settings):
        class NoteAdmin(WorkflowAdmin):
            form = TestSubclass.NoteForm
            readonly_fields = ("borrower",)
            fieldsets = ((None, {"fields": ("borrower", "note", "extra_word")}),)
            inlines = ()

        site = admin.AdminSite(name="notes")
        site.register(Loan, NoteAdmin)
        return site

    @pytest.fixture
    def request_of_boss(self, rf):
        request = rf.get("/")
        request.user = User(is_superuser=True, is_active=True, is_staff=True)
        return request

    def test_keeps_its_own_fieldsets_and_form(self, site, request_of_boss, loan):
        note_admin = site.get_model_admin(Loan)

        names = flatten_fieldsets(note_admin.get_fieldsets(request_of_boss, loan))
        form_class = note_admin.get_form(request_of_boss, loan, change=True, fields=names)

        assert names == [
            "borrower",
            "note",
            "extra_word",
            "joeflow_graph",
            "next_tasks",
            "open_tasks",
            "override_reason",
            "override_plan",
        ]
        assert list(form_class.base_fields) == ["note", "extra_word", *OVERRIDE_FIELDS]
        assert issubclass(form_class, self.NoteForm)
        assert note_admin.get_inlines(request_of_boss, loan) == ()

    def test_may_place_graph_and_override_itself(self, site, request_of_boss, loan):
        note_admin = site.get_model_admin(Loan)
        placed = ((None, {"fields": ("joeflow_graph", "next_tasks", "open_tasks", "note")}),)
        note_admin.fieldsets = placed

        assert tuple(note_admin.get_fieldsets(request_of_boss, loan)) == placed

    def test_passes_the_checks_of_django(self, site):
        assert site.get_model_admin(Loan).check() == []
