"""Workflows of the tests."""

from tests.testapp.workflows import Chain, Failing, Gateway, SplitJoin, Waiting
from tests.testapp.workflows_core import *  # noqa: F403
from tests.testapp.workflows_human import Greeting, GreetingWorkflow
from tests.testapp.workflows_reversion import Letter, Parcel, ParcelState, RegisteredLetter

__all__ = (
    "Chain",
    "Failing",
    "Gateway",
    "Greeting",
    "GreetingWorkflow",
    "Letter",
    "Parcel",
    "ParcelState",
    "RegisteredLetter",
    "SplitJoin",
    "Waiting",
)
