"""Nodes to build workflows from: human tasks are views, machine tasks are callables."""

from joeflow.tasks.human import StartView, UpdateView
from joeflow.tasks.machine import Join, Start, Wait
from joeflow.typing import HUMAN, MACHINE

__all__ = ("HUMAN", "MACHINE", "Join", "Start", "StartView", "UpdateView", "Wait")
