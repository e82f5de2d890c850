"""Read the statements that something takes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


class Statements(CaptureQueriesContext):
    """The statements of a block, in a readable form."""

    @property
    def texts(self):
        return [query["sql"].replace('"', "").replace("`", "") for query in self.captured_queries]

    @property
    def data(self):
        """Statements without transaction control."""
        control = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET SESSION")
        return [text for text in self.texts if not text.upper().startswith(control)]

    @property
    def control(self):
        return [text for text in self.texts if text not in self.data]


@pytest.fixture
def statements():
    """Return a context that captures the statements of its block."""
    return Statements(connection)
