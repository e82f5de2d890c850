"""Write the OpenAPI document of the project's workflows."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from joeflow.views.api.openapi import build_document


class Command(BaseCommand):
    """Writes the document to stdout; needs no database, unless choices do."""

    help = "Write the OpenAPI document of all workflows that the URLconf includes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--indent", type=int, help="Indent the JSON by so many spaces.")
        parser.add_argument("--title", default="", help="What the API is called.")
        parser.add_argument("--api-version", default="1", help="Its version.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write it."""
        document = build_document(options["title"], options["api_version"])
        text = json.dumps(
            document, indent=options["indent"], cls=DjangoJSONEncoder, ensure_ascii=False
        )
        self.stdout.write(text)
