"""The app: what happens when Django starts."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from joeflow.conf import settings


class JoeflowConfig(AppConfig):
    """Registers checks, the history of workflows, and the runner with its worker hooks."""

    name = "joeflow"
    verbose_name = _("Joeflow")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself, once all models are there."""
        from joeflow.checks import register_checks  # noqa: PLC0415 - imports models
        from joeflow.contrib.reversion import register_workflows  # noqa: PLC0415 - imports models

        # A proxy that stands in its app's workflows.py is known to each worker, not only to the
        # process that imports the URLs.
        autodiscover_modules("workflows")
        register_checks()
        register_workflows()
        # A worker knows joeflow's messages without further ado. A runner that cannot be imported
        # is named by a check (joeflow.E009), not by a traceback at every start.
        module = str(settings.JOEFLOW_TASK_RUNNER).rpartition(".")[0]
        with suppress(ImportError):
            import_module(module or __name__)
