"""Drawing workflow classes into files."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from joeflow.exceptions import MissingExtra, RendererMissing
from joeflow.management.commands import render_workflow_graph
from joeflow.models import get_workflows
from tests.rules import extra
from tests.testapp.models import Chain, Gateway

extra("graphviz")

KNOWN = ", ".join(workflow._meta.label_lower for workflow in get_workflows())


@pytest.fixture(autouse=True)
def program(monkeypatch):
    """Draw each graph as its text in capitals."""

    def render(graph, output_format):
        return f"{output_format} {graph.source.upper()}".encode()

    monkeypatch.setattr(render_workflow_graph, "render", render)


def run(*arguments):
    """Run the command; return what it wrote to its two outputs."""
    out, err = StringIO(), StringIO()
    call_command("render_workflow_graph", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def files_in(directory):
    return {file.name: file.read_text(encoding="utf-8") for file in directory.iterdir()}


def test_picture_and_text_are_written(tmp_path):
    out, err = run("testapp.Chain", "-d", str(tmp_path))

    source = Chain.get_graph().source
    assert files_in(tmp_path) == {
        "testapp_chain": source,
        "testapp_chain.svg": f"svg {source.upper()}",
    }
    assert out == f"Rendered testapp.chain to {tmp_path / 'testapp_chain.svg'}.\n"
    assert err == ""


def test_current_directory_is_the_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    run("testapp.Chain")

    assert files_in(tmp_path).keys() == {"testapp_chain", "testapp_chain.svg"}


def test_all_workflows_are_the_default(tmp_path):
    run("-d", str(tmp_path), "-c")

    assert files_in(tmp_path).keys() == {
        f"{name.replace('.', '_')}.svg" for name in KNOWN.split(", ")
    }


@pytest.mark.parametrize("name", ["testapp.Chain", "testapp.chain", "TESTAPP.CHAIN"])
def test_case_of_names_does_not_matter(tmp_path, name):
    run(name, "-d", str(tmp_path), "-c")

    assert files_in(tmp_path).keys() == {"testapp_chain.svg"}


def test_a_workflow_that_is_named_twice_is_rendered_once(tmp_path):
    out, _ = run("testapp.Chain", "testapp.chain", "-d", str(tmp_path))

    assert out.count("Rendered") == 1


@pytest.mark.parametrize("option", ["-d", "--directory"])
def test_directory_is_created(tmp_path, option):
    run("testapp.Chain", option, str(tmp_path / "a" / "b"))

    assert files_in(tmp_path / "a" / "b").keys() == {"testapp_chain", "testapp_chain.svg"}


@pytest.mark.parametrize("option", ["-c", "--cleanup"])
def test_cleanup_removes_the_text(tmp_path, option):
    run("testapp.Chain", "-d", str(tmp_path))

    run("testapp.Chain", "-d", str(tmp_path), option)

    assert files_in(tmp_path).keys() == {"testapp_chain.svg"}


@pytest.mark.parametrize("option", ["-f", "--format"])
@pytest.mark.parametrize("output_format", ["svg", "pdf", "png"])
def test_format_can_be_chosen(tmp_path, option, output_format):
    run("testapp.Chain", "-d", str(tmp_path), "-c", option, output_format)

    assert files_in(tmp_path) == {
        f"testapp_chain.{output_format}": f"{output_format} {Chain.get_graph().source.upper()}"
    }


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(CommandError) as caught:
        run("testapp.Chain", "-d", str(tmp_path), "-f", "gif")

    assert "argument -f/--format: invalid choice: 'gif' (choose from " in str(caught.value)
    assert files_in(tmp_path) == {}


def test_quiet_says_nothing(tmp_path):
    assert run("testapp.Chain", "-d", str(tmp_path), "-v", "0") == ("", "")


def test_an_unknown_workflow_is_named_and_the_others_are_rendered(tmp_path):
    _, err = run("testapp.Nothing", "testapp.Chain", "x", "testapp.Gateway", "-d", str(tmp_path))

    assert err == (
        f"There is no workflow 'testapp.Nothing'. The known ones are: {KNOWN}.\n"
        f"There is no workflow 'x'. The known ones are: {KNOWN}.\n"
    )
    assert files_in(tmp_path)["testapp_gateway"] == Gateway.get_graph().source
    assert len(files_in(tmp_path)) == 4


def test_where_no_name_is_known_it_fails(tmp_path):
    with pytest.raises(CommandError) as caught:
        run("testapp.Nothing", "-d", str(tmp_path / "new"))

    assert (str(caught.value), caught.value.returncode) == (
        "Nothing was rendered: no such workflow.",
        1,
    )
    assert not (tmp_path / "new").exists()


def test_where_there_are_no_workflows_it_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(render_workflow_graph, "get_workflows", lambda: iter(()))

    with pytest.raises(CommandError) as caught:
        run("-d", str(tmp_path))

    assert str(caught.value) == "Nothing was rendered: there are no workflows."


def test_unknown_names_are_told_where_there_are_no_workflows(tmp_path, monkeypatch):
    monkeypatch.setattr(render_workflow_graph, "get_workflows", lambda: iter(()))
    err = StringIO()

    with pytest.raises(CommandError):
        call_command("render_workflow_graph", "a.b", stderr=err)

    assert err.getvalue() == "There is no workflow 'a.b'. The known ones are: none.\n"


@pytest.mark.parametrize("error", [RendererMissing, MissingExtra])
def test_without_program_or_package_it_says_what_to_install(tmp_path, monkeypatch, error):
    def fail(graph, output_format):
        raise error("Install something.")

    monkeypatch.setattr(render_workflow_graph, "render", fail)

    with pytest.raises(CommandError) as caught:
        run("testapp.Chain", "-d", str(tmp_path))

    assert (str(caught.value), caught.value.returncode) == ("Install something.", 1)
    assert files_in(tmp_path) == {}


def test_where_a_file_is_in_the_way_of_the_directory_it_says_so(tmp_path):
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(CommandError) as caught:
        run("testapp.Chain", "-d", str(file))

    assert str(caught.value) == (
        f"Cannot write to the directory {str(file)!r}: [Errno 17] File exists: {str(file)!r}. "
        f"Choose another one with --directory."
    )


def test_a_directory_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    def refuse(path, data):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)

    with pytest.raises(CommandError) as caught:
        run("testapp.Chain", "-d", str(tmp_path))

    assert str(caught.value) == (
        f"Cannot write to the directory {str(tmp_path)!r}: [Errno 13] Permission denied: "
        f"{str(tmp_path / 'testapp_chain.svg')!r}. Choose another one with --directory."
    )


def test_it_draws_what_the_system_checks_refuse(tmp_path, monkeypatch):
    def refuse(self, *args, **options):
        raise SystemCheckError("no")

    monkeypatch.setattr(render_workflow_graph.Command, "check", refuse)

    render_workflow_graph.Command().run_from_argv(
        ["manage.py", "render_workflow_graph", "-d", str(tmp_path), "-v", "0"]
    )

    assert "testapp_chain.svg" in files_in(tmp_path)
