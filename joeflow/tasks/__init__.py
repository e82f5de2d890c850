"""Nodes to build workflows from: human tasks are views, machine tasks are callables."""

from joeflow.tasks.human import StartView, UpdateView
from joeflow.tasks.machine import Join, Start, Wait
from joeflow.tasks.mail import MailMixin
from joeflow.typing import HUMAN, MACHINE

__all__ = ("HUMAN", "MACHINE", "Join", "MailMixin", "Start", "StartView", "UpdateView", "Wait")
