"""All errors that joeflow raises on its own account."""

from __future__ import annotations

import inspect

__all__ = (
    "InstanceChanged",
    "InstanceLocked",
    "InvalidDefinition",
    "InvalidNextNodes",
    "JoeflowError",
    "MissingExtra",
    "NodeNotFound",
    "RendererMissing",
    "TaskClosed",
)


class JoeflowError(Exception):
    """Something in joeflow went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Take the class's own docstring as message where none is given."""
        super().__init__(message or inspect.getdoc(type(self)) or "")


class InvalidDefinition(JoeflowError, TypeError):
    """The nodes and edges of a workflow class cannot be bound."""


class InvalidNextNodes(JoeflowError):
    """A task returned something that cannot follow it."""


class NodeNotFound(JoeflowError, LookupError):
    """The workflow class has no such node."""


class TaskClosed(JoeflowError):
    """The task is closed: it has been completed or canceled before."""


class InstanceChanged(JoeflowError):
    """The tasks of this instance have changed since they were shown; look again."""


class InstanceLocked(JoeflowError):
    """Somebody else is working on this workflow instance; try again in a moment."""


class MissingExtra(JoeflowError, ImportError):
    """An optional package is missing; install the extra of joeflow that brings it."""

    #: A template that shows a graph goes on without it.
    silent_variable_failure = True


class RendererMissing(MissingExtra):
    """No program to draw diagrams was found; install Graphviz or joeflow[graphviz-pure]."""
