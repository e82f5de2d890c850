"""The app: what happens when Django starts."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JoeflowConfig(AppConfig):
    """Registers checks, the history of workflows, and the runner with its worker hooks."""

    name = "joeflow"
    verbose_name = _("Joeflow")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself; a runner that cannot be imported is named by a check."""
