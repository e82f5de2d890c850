"""Public helpers."""

from __future__ import annotations

from joeflow.diagrams.dot import NoDashDiGraph
from joeflow.workflows import get_workflow, get_workflows

__all__ = ("NoDashDiGraph", "get_workflow", "get_workflows")
