"""Workflows of the tests."""

from tests.testapp.workflows import Chain, Failing, Gateway, SplitJoin, Waiting

__all__ = ("Chain", "Failing", "Gateway", "SplitJoin", "Waiting")
