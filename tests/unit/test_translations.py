"""The texts of the package: all can be translated, and are, in each language that comes with it.

After a change of a text, in the folder joeflow/::

    django-admin makemessages --all --no-obsolete --add-location file
    (complete locale/*/LC_MESSAGES/django.po)
    django-admin compilemessages
"""

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template.base import Lexer, TokenType
from django.utils import translation

import joeflow
from joeflow.admin.actions import Cancel
from joeflow.models import Task
from tests.testapp.models import GreetingWorkflow

PACKAGE = Path(joeflow.__file__).parent
LANGUAGES = sorted(path.name for path in (PACKAGE / "locale").iterdir())
TEMPLATES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.html"))
SHOWN = {"alt", "aria-description", "aria-label", "label", "placeholder", "title"}

each_language = pytest.mark.parametrize("language", LANGUAGES)


def catalog(folder, language, suffix):
    return folder / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def gettext(program, *arguments):
    """Run one of the programs of GNU gettext and return what it printed."""
    result = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A copy of the package whose catalogs have just been compared with its texts."""
    copy = tmp_path_factory.mktemp("translations") / "joeflow"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        call_command("makemessages", locale=LANGUAGES, verbosity=0)
    return copy


@pytest.mark.service("gettext")
@each_language
@pytest.mark.parametrize("flaw", ["untranslated", "only-fuzzy", "only-obsolete"])
def test_catalog__holds_a_translation_of_each_text_and_nothing_else(fresh, language, flaw):
    found = gettext("msgattrib", f"--{flaw}", catalog(fresh, language, "po"))

    assert found == ""


@pytest.mark.service("gettext")
@each_language
def test_compiled_catalog__says_what_the_source_says(language, tmp_path):
    compiled = tmp_path / "django.mo"

    gettext("msgfmt", "--check", "-o", compiled, catalog(PACKAGE, language, "po"))

    assert messages_of(catalog(PACKAGE, language, "mo")) == messages_of(compiled)


def messages_of(compiled):
    """Return what a compiled catalog says, without its header, which holds a date."""
    return gettext("msgunfmt", "--sort-output", compiled).partition("\n\n")[2]


def test_languages():
    assert LANGUAGES == ["de", "fr"]


class ShownText(HTMLParser):
    """Collects what a page shows or reads out."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in SHOWN and value]

    def handle_data(self, data):
        self.found.append(data.strip())


def untranslatable(source):
    """Return the texts of a template that no tag translates."""
    html, translates = "", False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK and "blocktrans" in token.contents.split()[0]:
            translates = not token.contents.startswith("end")
        elif token.token_type == TokenType.TEXT and not translates:
            html += token.contents
    parser = ShownText()
    parser.feed(html)
    parser.close()
    return [text for text in parser.found if any(map(str.isalpha, text))]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_template__marks_each_text_as_translatable(template):
    source = (PACKAGE / template).read_text()

    assert untranslatable(source) == []


def test_untranslatable__finds_texts_and_attributes():
    source = (
        '<p class="a" aria-label="One">{% translate "x" %}: Two</p>'
        "{% blocktranslate %}y {{ z }}{% endblocktranslate %}<b>{{ z }}</b> Three"
    )

    assert untranslatable(source) == ["One", ": Two", "Three"]


@pytest.fixture
def german_reader(client, settings):
    """The browser of somebody who reads German, on a site that asks browsers for the language."""
    locale = "django.middleware.locale.LocaleMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, locale]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    # The middleware leaves its language to the thread, and so to the tests that follow.
    with translation.override(settings.LANGUAGE_CODE):
        yield client


@pytest.mark.django_db
def test_page__is_german_for_a_german_reader(german_reader):
    response = german_reader.get("/greeting/start/")

    content = response.content.decode()
    assert '<html lang="de">' in content
    assert "Zum Inhalt springen" in content
    assert '<button type="submit">Speichern und weiter</button>' in content


@pytest.mark.django_db
def test_page__is_french_for_a_french_reader(german_reader):
    response = german_reader.get("/greeting/start/", headers={"accept-language": "fr-CA"})

    content = response.content.decode()
    assert '<button type="submit">Enregistrer et continuer</button>' in content


@pytest.mark.django_db
def test_page__is_english_for_others(german_reader):
    response = german_reader.get("/greeting/start/", headers={"accept-language": "it"})

    content = response.content.decode()
    assert '<button type="submit">Save and continue</button>' in content


@pytest.mark.django_db
def test_json__is_german_for_a_german_reader(german_reader):
    response = german_reader.post(
        "/greeting/start/", {"colour": 1}, content_type="application/json"
    )

    assert response.json() == {
        "errors": {"colour": ["Dieses Feld gibt es nicht; die Felder sind: user, note."]}
    }


@pytest.mark.django_db
def test_admin__is_german_for_a_german_reader(german_reader, admin_user):
    workflow = GreetingWorkflow.objects.create()
    workflow.task_set.create(name="check_note", type="human", workflow=workflow)
    german_reader.force_login(admin_user)

    content = german_reader.get("/admin/joeflow/task/").content.decode()

    for text in (">Mensch<", ">anstehend<", ">Angelegt<", "Ausgewählte Aufgaben erneut ausführen"):
        assert text in content


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 Aufgabe wurde abgebrochen."), (2, "2 Aufgaben wurden abgebrochen.")],
)
def test_plural__follows_the_number(count, text):
    with translation.override("de"):
        assert Cancel.report_done % {"count": count} == text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (Task.SCHEDULED, "anstehend"),
        (Task.SUCCEEDED, "erledigt"),
        (Task.FAILED, "fehlgeschlagen"),
        (Task.CANCELED, "abgebrochen"),
    ],
)
def test_status__is_translated(status, text):
    task = Task(status=status)

    with translation.override("de"):
        assert task.get_status_display() == text
