"""The OpenAPI document of a project's workflows."""

import json
from io import StringIO

import pytest
from django import forms
from django.core.management import call_command
from django.urls import include, path, re_path, set_script_prefix, set_urlconf
from django.urls.base import clear_script_prefix
from django.utils import translation
from django.views.generic import ListView

from joeflow.models import Task
from joeflow.views import OpenAPIView
from joeflow.views.api.described import DescribedList
from joeflow.views.api.openapi import build_document
from joeflow.views.api.openapi.schemas import body_schema
from tests.rules import package
from tests.testapp.models import (
    Assigned,
    Bare,
    GreetingWorkflow,
    Guarded,
    Purchase,
    Sheet,
    Shipping,
)

openapi_spec_validator = package("openapi_spec_validator")
jsonschema = package("jsonschema")

JSON = {"accept": "application/json"}


class Waiting(DescribedList, ListView):
    model = Task
    json_summary = "What waits for somebody"


class URLs:
    """A URLconf of a few lines."""

    def __init__(self, *patterns):
        self.urlpatterns = list(patterns)


@pytest.fixture
def document_of():
    """Return a function that returns the document of some URLs."""

    def build(*patterns, **options):
        set_urlconf(URLs(*patterns))
        return build_document(**options)

    yield build
    set_urlconf(None)
    clear_script_prefix()


def check(document):
    """Return a document that is valid."""
    openapi_spec_validator.validate(json.loads(json.dumps(document)))
    return document


def fields_of(document, address, method="post"):
    return document["paths"][address][method]["requestBody"]["content"]["application/json"][
        "schema"
    ]


def schema_of(field, kept=()):
    """Return the schema of a field, and of the form that has it alone."""
    form_class = type("Form", (forms.Form,), {"field": field})
    return body_schema(form_class, kept)


def takes(schema, value):
    return jsonschema.Draft202012Validator(schema).is_valid({"field": value})


def test_document__is_valid_for_all_workflows():
    document = check(build_document())

    assert document["openapi"] == "3.1.0"
    assert "/greeting/check_note/{pk}/" in document["paths"]
    assert document["tags"] == sorted(document["tags"], key=lambda tag: tag["name"])


def test_addresses__are_those_of_the_urlconf(document_of):
    set_script_prefix("/site/")
    document = document_of(
        path("<slug:shop>/", include([path("g/", include(GreetingWorkflow.urls()))])),
        re_path(r"^old/(?P<year>[0-9]{4})/", include(Bare.urls())),
    )

    assert check(document)["servers"] == [{"url": "/site"}]
    assert list(document["paths"]) == [
        "/{shop}/g/start/",
        "/{shop}/g/check_note/{pk}/",
        "/{shop}/g/{pk}/",
        "/{shop}/g/{pk}/history",
        "/old/{year}/start/",
        "/old/{year}/answer/{pk}/{text}/",
    ]
    parameters = document["paths"]["/{shop}/g/{pk}/"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["shop", "pk"]
    assert parameters[1]["schema"] == {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


def test_workflow_at_two_addresses__has_two_names_for_each_operation(document_of):
    document = document_of(
        path("a/", include(Sheet.urls())), path("b/", include(Sheet.urls(), namespace="b"))
    )

    names = [
        operation["operationId"]
        for item in check(document)["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(set(names)) == len(names) == 2 * 6


def test_address_that_two_have__is_that_of_the_first(document_of):
    document = document_of(path("", include(Sheet.urls())), path("", include(Guarded.urls())))

    assert check(document)["paths"]["/{pk}/"]["get"]["tags"] == ["testapp.sheet"]


def test_what_is_none_of_ours__is_left_out(document_of):
    def view(request):
        raise AssertionError

    assert document_of(path("other/", view))["paths"] == {}


def test_signed_links__are_left_out():
    assert not [address for address in build_document()["paths"] if "/signed/" in address]


def test_title_and_version(document_of):
    info = document_of(title="Shop", version="2.1")["info"]

    assert info == {"title": "Shop", "version": "2.1"}


def test_summaries__are_for_people(document_of):
    paths = document_of(path("", include(GreetingWorkflow.urls())))["paths"]

    assert paths["/start/"]["post"]["summary"] == "Start a greeting workflow"
    assert paths["/check_note/{pk}/"]["put"]["summary"] == (
        "Do the task “check note” of a greeting workflow"
    )


def test_answers__are_all_said(document_of):
    paths = document_of(path("", include(GreetingWorkflow.urls())))["paths"]

    codes = {
        (address, method): sorted(paths[address][method]["responses"])
        for address, method in [
            ("/start/", "get"),
            ("/start/", "post"),
            ("/check_note/{pk}/", "get"),
            ("/check_note/{pk}/", "put"),
            ("/{pk}/", "get"),
        ]
    }
    assert codes == {
        ("/start/", "get"): ["200", "401", "403"],
        ("/start/", "post"): ["200", "201", "400", "401", "403", "409", "413", "415", "422"],
        ("/check_note/{pk}/", "get"): ["200", "401", "403", "404", "410"],
        ("/check_note/{pk}/", "put"): [
            *("200", "400", "401", "403", "404", "409", "413", "415", "422"),
        ],
        ("/{pk}/", "get"): ["200", "401", "403", "404"],
    }


class TestSecurity:
    def security(self, document, address, method):
        return document["paths"][address][method]["security"]

    def test_what_asks_for_a_login__says_so(self, document_of):
        document = document_of(path("", include(Guarded.urls())))

        assert self.security(document, "/start/", "get") == [{"session": []}]
        assert self.security(document, "/start/", "post") == [
            {"session": [], "csrf": [], "csrf_cookie": []}
        ]

    def test_permission_or_assignees__ask_for_a_login(self, document_of):
        document = document_of(path("", include(Purchase.urls())))

        assert self.security(document, "/order/{pk}/", "get") == [{"session": []}]
        assert self.security(document, "/receive/{pk}/", "get") == [{"session": []}]

    def test_what_is_open_to_everybody__says_so(self, document_of):
        document = document_of(path("", include(GreetingWorkflow.urls())))

        assert self.security(document, "/start/", "get") == [{}, {"session": []}]

    def test_middleware_that_asks_for_a_login__counts(self, document_of, settings):
        settings.MIDDLEWARE = ["django.contrib.auth.middleware.LoginRequiredMiddleware"]

        document = document_of(path("", include(GreetingWorkflow.urls())))

        assert self.security(document, "/start/", "post") == [{"session": []}]

    def test_schemes__have_the_names_of_the_settings(self, document_of, settings):
        settings.SESSION_COOKIE_NAME = "s"
        settings.CSRF_COOKIE_NAME = "c"
        settings.CSRF_HEADER_NAME = "HTTP_X_TOKEN"

        schemes = document_of()["components"]["securitySchemes"]

        places = {name: (scheme["in"], scheme["name"]) for name, scheme in schemes.items()}
        assert places == {
            "session": ("cookie", "s"),
            "csrf": ("header", "X-Token"),
            "csrf_cookie": ("cookie", "c"),
        }

    def test_token_in_the_session__has_no_cookie(self, document_of, settings):
        settings.CSRF_USE_SESSIONS = True

        document = document_of(path("", include(Guarded.urls())))

        assert "csrf_cookie" not in document["components"]["securitySchemes"]
        assert self.security(document, "/start/", "post") == [{"session": [], "csrf": []}]


class TestBodies:
    @pytest.mark.parametrize(
        ("field", "good", "bad"),
        [
            (forms.CharField(max_length=3), ["abc", 5], ["", " ", "abcd", "\x00", None, True, []]),
            (forms.CharField(required=False), ["", " ", "abc", 5, None], ["a\x00", True, []]),
            (forms.CharField(strip=False), [" "], [""]),
            (forms.SlugField(), ["a-b"], ["a b", ""]),
            (forms.UUIDField(required=False), [None, ""], [5]),
            (forms.IntegerField(min_value=1), [1, "1"], [0, 1.5, "x", "", None, True]),
            (forms.IntegerField(required=False), [1, "1", None, ""], [1.5, "x"]),
            (forms.FloatField(max_value=2), [1.5, "1.5"], [2.5, "x"]),
            (
                forms.DecimalField(max_digits=4, decimal_places=2),
                ["12.50", "-1", 12.5],
                ["1.234", "123.1", 100, 0.125, "x", ""],
            ),
            (forms.DecimalField(min_value=0, decimal_places=0), ["0", 3], ["-1", -1, "1.5"]),
            (forms.DecimalField(min_value=1, decimal_places=1), ["0.5"], ["0", "0.0", "-1"]),
            (forms.BooleanField(), [True], [False, None, "on", 1]),
            (forms.BooleanField(required=False), [True, False], [None, "on", 1]),
            (forms.NullBooleanField(), [True, None], ["x", 1]),
            (forms.DateField(required=False), ["2026-11-23", "", None], [5]),
            (forms.TimeField(), ["12:00", "12:00:01.5"], ["24:00", "x", ""]),
            (forms.DurationField(), ["P1D", "PT2H30M"], ["1 day", 5]),
            (forms.ChoiceField(choices=["ab"]), ["a"], ["b", "", None]),
            (forms.ChoiceField(choices=["ab"], required=False), ["a", "", None], ["b"]),
            (forms.ChoiceField(choices=lambda: ["ab"]), ["a", "z"], [None, []]),
            (forms.MultipleChoiceField(choices=["ab"]), [["a"]], [[], ["b"], "a", None]),
            (forms.MultipleChoiceField(choices=["ab"], required=False), [[], None], [["b"]]),
            (forms.SplitDateTimeField(), [["2026-11-23", "12:00"]], [[], ["x"], None, "x"]),
            (forms.JSONField(), [{"a": [1]}, [], 5], []),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_field(self, field, good, bad):
        schema = schema_of(field)

        assert [value for value in good if not takes(schema, value)] == []
        assert [value for value in bad if takes(schema, value)] == []

    @pytest.mark.parametrize(
        ("field", "format_"),
        [
            (forms.EmailField(), "email"),
            (forms.URLField(assume_scheme="https"), "uri"),
            (forms.UUIDField(), "uuid"),
            (forms.DateField(), "date"),
            (forms.DateTimeField(), "date-time"),
        ],
    )
    def test_format(self, field, format_):
        assert schema_of(field)["properties"]["field"]["format"] == format_

    def test_rows__are_told_by_their_kind_of_key(self, django_user_model):
        users = django_user_model.objects.all()
        schema = schema_of(forms.ModelChoiceField(users))
        by_name = schema_of(forms.ModelChoiceField(users, to_field_name="username"))
        several = schema_of(forms.ModelMultipleChoiceField(Guarded.objects.all()))

        assert schema["properties"]["field"]["type"] == ["integer", "string"]
        assert by_name["properties"]["field"]["type"] == "string"
        assert several["properties"]["field"]["items"]["type"] == ["integer", "string"]

    def test_words__are_those_of_the_form(self):
        [schema] = schema_of(forms.CharField(label="A text", help_text="Write."))[
            "properties"
        ].values()

        assert (schema["title"], schema["description"]) == ("A text", "Write.")

    def test_required__where_nothing_could_be_kept(self):
        assert schema_of(forms.CharField())["required"] == ["field"]
        assert "required" not in schema_of(forms.CharField(required=False))
        assert "required" not in schema_of(forms.CharField(initial="x"))
        assert "required" not in schema_of(forms.CharField(disabled=True))
        assert "required" not in schema_of(forms.CharField(), kept={"field"})

    def test_read_only__is_said(self):
        assert schema_of(forms.CharField(disabled=True))["properties"]["field"]["readOnly"] is True

    def test_unknown_fields__are_refused(self):
        assert schema_of(forms.CharField())["additionalProperties"] is False

    def test_files__cannot_be_sent(self, document_of):
        document = document_of(path("", include(Sheet.urls())))

        properties = fields_of(document, "/fill/{pk}/")["properties"]
        assert "file" not in properties
        assert "text" in properties

    def test_form_that_only_a_request_tells__is_any_object(self, document_of, monkeypatch):
        view_class = type(GreetingWorkflow.get_node("start"))
        own = type("Own", (view_class,), {"get_form_class": lambda view: view.request.form})
        monkeypatch.setattr(GreetingWorkflow.get_node("start"), "__class__", own)

        document = check(document_of(path("", include(GreetingWorkflow.urls()))))

        assert fields_of(document, "/start/") == {"type": "object"}

    def test_field_of_no_other_form__is_required(self, document_of, monkeypatch):
        for name, field in [("checkout", "email"), ("ship", "shipping_address")]:
            monkeypatch.setitem(Shipping.get_node(name)._instance_kwargs, "fields", [field])

        document = document_of(path("", include(Shipping.urls())))

        assert fields_of(document, "/ship/{pk}/")["required"] == ["shipping_address"]

    def test_field_of_another_form__may_have_a_value_already(self, document_of, monkeypatch):
        monkeypatch.setitem(
            Shipping.get_node("ship")._instance_kwargs, "fields", ["shipping_address"]
        )

        document = document_of(path("", include(Shipping.urls())))

        assert fields_of(document, "/checkout/")["required"] == ["shipping_address"]
        assert "required" not in fields_of(document, "/ship/{pk}/")


def test_view_of_a_project_s_own__is_named_with_its_methods(document_of):
    document = check(document_of(path("", include(Bare.urls()))))

    assert [name for name in document["paths"]["/start/"] if name != "parameters"] == ["post"]
    assert list(document["paths"]["/start/"]["post"]["responses"]) == ["default"]


def test_view_of_the_rest_framework__is_named_with_its_methods(document_of):
    package("rest_framework")
    from tests.testapp.models import RestWorkflow

    item = check(document_of(path("", include(RestWorkflow.urls()))))["paths"]["/check_note/{pk}/"]

    assert [name for name in item if name != "parameters"] == ["get", "put", "patch"]


def test_list__is_named(document_of):
    document = check(document_of(path("work/", Waiting.as_view(), name="inbox")))

    operation = document["paths"]["/work/"]["get"]
    assert operation["summary"] == "What waits for somebody"
    assert operation["operationId"] == "joeflow_task_inbox_get"


def test_choices_in_another_language(document_of):
    with translation.override("de"):
        document = document_of(path("", include(Assigned.urls())))

    json.dumps(document)


@pytest.mark.django_db
class TestAnswers:
    """What is answered is what the document says."""

    def check(self, response, name):
        schemas = build_document()["components"]["schemas"]
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        jsonschema.Draft202012Validator(schema).validate(response.json())

    def test_pages(self, client, check_note, admin_user):
        client.force_login(admin_user)
        check_note.claim(admin_user)

        for address, name in [
            ("/greeting/start/", "Start"),
            (check_note.get_absolute_url(), "Task"),
            (f"/greeting/{check_note._workflow_id}/", "Instance"),
            (f"/greeting/{check_note._workflow_id}/history", "History"),
            ("/greeting/4711/", "Detail"),
        ]:
            self.check(client.get(address, headers=JSON), name)

    def test_forms(self, client, check_note):
        url = check_note.get_absolute_url()

        self.check(client.post("/greeting/start/", {"user": 0}, headers=JSON), "Errors")
        self.check(client.post(url, {"note": "Hi"}, headers=JSON), "Standing")


class TestView:
    @pytest.fixture
    def get(self, rf, django_user_model):
        def get(user, **headers):
            request = rf.get("/openapi.json", headers=headers)
            request.user = user
            return OpenAPIView.as_view(title="Shop")(request)

        return get

    def test_who_is_logged_in__gets_it(self, get, django_user_model):
        response = get(django_user_model(username="ada"))

        document = json.loads(response.content)
        assert (response.status_code, document["info"]["title"]) == (200, "Shop")
        check(document)

    def test_nobody__is_asked_to_log_in(self, get):
        from django.contrib.auth.models import AnonymousUser

        assert get(AnonymousUser(), accept="text/html").status_code == 302
        assert get(AnonymousUser(), **JSON).status_code == 401


def test_no_statements(django_user_model, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        build_document()


class TestCommand:
    def test_writes_it(self):
        out = StringIO()
        call_command("joeflow_openapi", stdout=out)

        assert json.loads(out.getvalue()) == json.loads(json.dumps(build_document()))

    def test_options(self):
        out = StringIO()
        options = ["--indent", "2", "--title", "Shop", "--api-version", "3"]
        call_command("joeflow_openapi", *options, stdout=out)

        assert out.getvalue().startswith(
            '{\n  "openapi": "3.1.0",\n  "info": {\n    "title": "Shop"'
        )
        assert json.loads(out.getvalue())["info"]["version"] == "3"
