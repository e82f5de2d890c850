"""Public helpers."""

from __future__ import annotations

from joeflow.diagrams.dot import NoDashDiGraph

__all__ = ("NoDashDiGraph",)
