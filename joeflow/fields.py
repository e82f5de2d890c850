"""Fields of joeflow's own models."""

from __future__ import annotations

from typing import Any

from django.db import models

__all__ = ("InstantOfInstance",)


class InstantOfInstance(models.DateTimeField):  # type: ignore[type-arg]
    """Written by transitions alone: who saves an instance may have loaded it before they did."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return what a new row holds; an old one keeps what it has."""
        return super().pre_save(model_instance, add) if add else models.F(self.name)

    def deconstruct(self) -> Any:
        """Return an ordinary field: migrations do not care who writes it."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs
