"""Workflows of the tests."""

from importlib.util import find_spec

from tests.testapp.workflows import Chain, Failing, Gateway, SplitJoin, Waiting
from tests.testapp.workflows_admin import Loan
from tests.testapp.workflows_core import *  # noqa: F403
from tests.testapp.workflows_deadlines import Approval, Deadline, LateBranch
from tests.testapp.workflows_documented import (
    Deadly,
    Exclusive,
    Patient,
    Shipping,
    Ten,
    Welcome,
)
from tests.testapp.workflows_human import (
    Assigned,
    Bare,
    Greeting,
    GreetingWorkflow,
    Guarded,
    Sheet,
    SheetState,
)
from tests.testapp.workflows_mails import Voucher
from tests.testapp.workflows_people import Purchase
from tests.testapp.workflows_reversion import Letter, Parcel, ParcelState, RegisteredLetter
from tests.testapp.workflows_stepping_in import Meeting, Passport, Report

if find_spec("rest_framework") is not None:
    from tests.testapp.workflows_rest import Memo, RestWorkflow  # noqa: F401

__all__ = (
    "Approval",
    "Assigned",
    "Bare",
    "Chain",
    "Deadline",
    "Deadly",
    "Exclusive",
    "Failing",
    "Gateway",
    "Greeting",
    "GreetingWorkflow",
    "Guarded",
    "LateBranch",
    "Letter",
    "Loan",
    "Meeting",
    "Parcel",
    "ParcelState",
    "Passport",
    "Patient",
    "Purchase",
    "RegisteredLetter",
    "Report",
    "Sheet",
    "SheetState",
    "Shipping",
    "SplitJoin",
    "Ten",
    "Voucher",
    "Waiting",
    "Welcome",
)
