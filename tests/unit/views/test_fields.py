"""What JSON says of the fields of a form."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django import forms
from django.contrib.admin import site
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.core.validators import MinValueValidator
from django.db import connection

from joeflow.descriptions import fields
from joeflow.descriptions.fields import describe_form
from joeflow.models import Task
from tests.testapp.models import Sheet, SheetState

JSON = {"accept": "application/json"}
DAY = dt.date(2026, 11, 23)


def describe(field, value=None):
    """Return what is said of a field."""
    form_class = type("Form", (forms.Form,), {"field": field})
    [described] = describe_form(form_class(initial={"field": value}))
    return described


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (forms.CharField(), "string"),
        (forms.CharField(widget=forms.Textarea), "string"),
        (forms.RegexField("a"), "string"),
        (forms.Field(), "string"),
        (forms.EmailField(), "email"),
        (forms.URLField(assume_scheme="https"), "url"),
        (forms.SlugField(), "slug"),
        (forms.UUIDField(), "uuid"),
        (forms.GenericIPAddressField(), "ip"),
        (forms.JSONField(), "json"),
        (forms.IntegerField(), "integer"),
        (forms.FloatField(), "number"),
        (forms.DecimalField(), "decimal"),
        (forms.BooleanField(), "boolean"),
        (forms.NullBooleanField(), "null-boolean"),
        (forms.DateField(), "date"),
        (forms.TimeField(), "time"),
        (forms.DateTimeField(), "datetime"),
        (forms.SplitDateTimeField(), "parts"),
        (forms.DurationField(), "duration"),
        (forms.ChoiceField(), "choice"),
        (forms.TypedChoiceField(), "choice"),
        (forms.MultipleChoiceField(), "choices"),
        (forms.FileField(), "file"),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
def test_type(field, name):
    assert fields.type_of(field) == name


def test_words_and_flags():
    described = describe(
        forms.CharField(
            label="A text", help_text="Write.", required=False, widget=forms.HiddenInput
        ),
        value="Old",
    )

    assert described == {
        "name": "field",
        "label": "A text",
        "type": "string",
        "required": False,
        "read_only": False,
        "hidden": True,
        "help_text": "Write.",
        "value": "Old",
    }


def test_without_a_label__is_called_by_its_name():
    assert describe(forms.CharField())["label"] == "Field"


def test_read_only__is_said():
    assert describe(forms.CharField(disabled=True))["read_only"] is True


@pytest.mark.parametrize(
    ("field", "limits"),
    [
        (forms.CharField(min_length=2, max_length=9), {"min_length": 2, "max_length": 9}),
        (forms.IntegerField(min_value=1, max_value=5), {"min": 1, "max": 5}),
        (
            forms.DecimalField(max_digits=5, decimal_places=2),
            {"max_digits": 5, "decimal_places": 2},
        ),
        (forms.IntegerField(min_value=1, validators=[MinValueValidator(3)]), {"min": 3}),
        (forms.DateField(validators=[MinValueValidator(lambda: DAY)]), {"min": DAY}),
    ],
)
def test_limits(field, limits):
    described = describe(field)

    assert {name: described.get(name) for name in limits} == limits


def test_limits_of_the_model__are_said_too():
    class Form(forms.ModelForm):
        class Meta:
            model = SheetState
            fields = ("number",)

    [described] = describe_form(Form())

    assert (described["min"], described["max"]) == connection.ops.integer_field_range(
        "IntegerField"
    )


def test_choices__are_listed_without_the_empty_one():
    groups = [("", "---"), ("a", "A"), ("More", [("b", "B"), (3, "C")])]

    described = describe(forms.ChoiceField(choices=groups), value="a")

    assert described["choices"] == [
        {"value": "a", "label": "A"},
        {"value": "b", "label": "B"},
        {"value": 3, "label": "C"},
    ]
    assert (described["choices_left_out"], described["value"]) == (0, "a")


def test_more_choices_than_anybody_reads__are_counted():
    described = describe(forms.ChoiceField(choices=[(n, n) for n in range(205)]))

    assert (len(described["choices"]), described["choices_left_out"]) == (200, 5)


@pytest.mark.django_db
def test_more_rows_than_anybody_reads__are_counted(
    monkeypatch, django_user_model, django_assert_num_queries
):
    monkeypatch.setattr(fields, "MOST_CHOICES", 2)
    people = [django_user_model.objects.create(username=name) for name in "abcd"]
    field = forms.ModelChoiceField(django_user_model.objects.order_by("pk"))

    with django_assert_num_queries(2):
        described = describe(field, value=people[0])

    listed = [{"value": person.pk, "label": str(person)} for person in people[:2]]
    assert described["choices"] == listed
    assert (described["choices_left_out"], described["value"]) == (2, people[0].pk)


@pytest.mark.django_db
def test_rows__take_one_statement(django_user_model, django_assert_num_queries):
    with django_assert_num_queries(1):
        describe(forms.ModelMultipleChoiceField(django_user_model.objects.all()))


@pytest.mark.django_db
def test_rows_that_a_form_has_chosen_itself__are_listed(django_user_model):
    field = forms.ModelChoiceField(django_user_model.objects.all())
    field.choices = [(1, "One")]

    assert describe(field)["choices"] == [{"value": 1, "label": "One"}]


def test_password__is_kept():
    field = forms.CharField(widget=forms.PasswordInput)

    assert describe(field, value="secret")["value"] is None


@pytest.mark.django_db
class TestCurrentValues:
    """What is told can be sent back, and changes nothing."""

    KEPT = {
        "text": " with spaces\n",
        "number": 3,
        "price": Decimal("1.50"),
        "ratio": 0.1,
        "moment": dt.datetime(2026, 11, 23, 12, 0, 5, tzinfo=dt.UTC),
        "day": dt.date(2026, 1, 2),
        "sure": True,
        "maybe": False,
        "kind": "a",
        "extra": {"b": [1, None]},
        "file": "some/file.txt",
    }

    @pytest.fixture
    def sheet(self, admin_user):
        sheet = Sheet.start(**self.KEPT)
        sheet.people.add(admin_user)
        return sheet

    def get_values(self, client, sheet):
        url = sheet.task_set.get(name="fill").get_absolute_url()
        described = client.get(url, headers=JSON).json()["fields"]
        return url, {field["name"]: field["value"] for field in described}

    def test_are_told(self, client, sheet, admin_user):
        _, values = self.get_values(client, sheet)

        assert values == {
            "text": " with spaces\n",
            "number": 3,
            "price": "1.50",
            "ratio": 0.1,
            "moment": "2026-11-23T12:00:05Z",
            "day": "2026-01-02",
            "sure": True,
            "maybe": False,
            "kind": "a",
            "extra": {"b": [1, None]},
            "people": [admin_user.pk],
            "file": "some/file.txt",
            "span": [None, None],
        }

    def test_can_be_sent_back(self, client, sheet, admin_user, settings):
        settings.TIME_ZONE = "Asia/Tokyo"
        Sheet.objects.update(text="Text")  # a form strips what it is sent
        url, values = self.get_values(client, sheet)
        del values["file"]

        response = client.post(url, json.dumps(values), content_type="application/json")

        sheet.refresh_from_db()
        assert response.status_code == 200, response.text
        assert {name: getattr(sheet, name) for name in self.KEPT} == {**self.KEPT, "text": "Text"}
        assert list(sheet.people.all()) == [admin_user]


def test_parts_of_a_value__are_told_one_by_one():
    noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)

    assert describe(forms.SplitDateTimeField(), value=noon)["value"] == ["2026-11-23", "12:00:00"]


def test_one_value_where_several_can_be__is_a_list():
    assert describe(forms.MultipleChoiceField(choices=["ab"]), value="a")["value"] == ["a"]


def test_fields_of_a_class__need_no_database(db, django_user_model, django_assert_num_queries):
    class Form(forms.Form):
        who = forms.ModelChoiceField(django_user_model.objects.all())
        kind = forms.ChoiceField(choices=[("a", "A")])
        later = forms.ChoiceField(choices=lambda: pytest.fail("asked too early"))

    with django_assert_num_queries(0):
        who, kind, later = [described for _, described in fields.describe_fields(Form)]

    assert ("choices" in who, "choices" in later) == (False, False)
    assert kind["choices"] == [{"value": "a", "label": "A"}]


class Twice(forms.MultiWidget):
    """Parts that are secret."""

    def __init__(self):
        super().__init__([forms.TextInput, forms.PasswordInput(render_value=True)])

    def decompress(self, value):
        return [value, value]


class Masked(forms.TextInput):
    """Shows nothing of its value, like Django's input for passwords."""

    render_value = False


@pytest.mark.parametrize(
    "widget",
    [Twice, Masked, forms.PasswordInput(render_value=True), ReadOnlyPasswordHashWidget],
)
def test_a_secret_has_no_value(widget):
    assert describe(forms.CharField(widget=widget), value="hush")["value"] is None


@pytest.mark.parametrize("widget", [forms.HiddenInput, forms.TextInput])
def test_choices_that_the_page_does_not_show_are_not_listed(admin_user, widget):
    rows = forms.ModelChoiceField(type(admin_user).objects.all(), widget=widget)
    fixed = forms.ChoiceField(choices=[("a", "A")], widget=widget)

    assert "choices" not in describe(rows)
    assert "choices" not in describe(fixed)
    [[_field, of_class]] = fields.describe_fields(type("Form", (forms.Form,), {"fixed": fixed}))
    assert "choices" not in of_class


def test_choices_of_a_widget_that_the_admin_wraps_are_listed():
    field = forms.ChoiceField(choices=[("a", "A")])
    relation = Task._meta.get_field("completed_by_user").remote_field
    field.widget = RelatedFieldWidgetWrapper(field.widget, relation, site)

    assert describe(field)["choices"] == [{"value": "a", "label": "A"}]
