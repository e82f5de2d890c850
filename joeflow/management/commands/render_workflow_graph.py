"""Draw workflow classes into files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from joeflow.diagrams.dot import FORMATS, render
from joeflow.exceptions import MissingExtra
from joeflow.models import Workflow, get_workflows


class Command(BaseCommand):
    """Write each workflow class as a picture, and beside it the DOT text of the picture."""

    help = "Render workflow graph to file."
    requires_system_checks = ()  # what is still half-built can be drawn, and no runner is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command's arguments."""
        parser.add_argument(
            "workflow",
            nargs="*",
            help="List of workflows to render in the form app_label.workflow_name, in any case. "
            "Default: all of them",
        )
        parser.add_argument(
            "-f",
            "--format",
            choices=FORMATS,
            default="svg",
            help="Output file format. Default: svg",
        )
        parser.add_argument(
            "-d",
            "--directory",
            help="Output directory, created if missing. Default is current working directory",
        )
        parser.add_argument(
            "-c",
            "--cleanup",
            action="store_true",
            help="Remove dot-files after rendering.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Render what was asked for.

        Raises:
            CommandError: Nothing could be rendered, or a file could not be written.
        """
        workflows = self._choose(options["workflow"])
        if not workflows:
            raise CommandError(
                "Nothing was rendered: "
                + ("no such workflow." if options["workflow"] else "there are no workflows.")
            )
        directory = Path(options["directory"] or "")
        try:
            for workflow in workflows:
                self._render(workflow, directory, options)
        except MissingExtra as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"Cannot write to the directory {str(directory)!r}: {error}. "
                f"Choose another one with --directory."
            ) from error

    def _choose(self, names: list[str]) -> list[type[Workflow]]:
        """Return the workflow classes with these names, or all; name on stderr what is unknown."""
        known = {workflow._meta.label_lower: workflow for workflow in get_workflows()}
        chosen = dict.fromkeys(name.lower() for name in names) or known
        for name in (name for name in names if name.lower() not in known):
            listed = ", ".join(known) or "none"
            self.stderr.write(f"There is no workflow {name!r}. The known ones are: {listed}.")
        return [known[name] for name in chosen if name in known]

    def _render(self, workflow: type[Workflow], directory: Path, options: dict[str, Any]) -> None:
        graph = workflow.get_graph()
        picture = render(graph, options["format"])
        directory.mkdir(parents=True, exist_ok=True)
        dot_file = directory / workflow._meta.label_lower.replace(".", "_")
        file = directory / f"{dot_file.name}.{options['format']}"
        file.write_bytes(picture)
        if options["cleanup"]:
            dot_file.unlink(missing_ok=True)
        else:
            dot_file.write_text(graph.source, encoding="utf-8")
        if options["verbosity"] > 0:
            message = f"Rendered {workflow._meta.label_lower} to {file}."
            self.stdout.write(self.style.SUCCESS(message))
