"""What the tests of the model share."""

import pytest
from django.db import connection
from django.db.backends.signals import connection_created


def _spare_the_disk(connection, **kwargs):
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")


@pytest.fixture(autouse=True)
def _volatile(transactional_db):
    """Spare the disk: there are thousands of commits, and nobody pulls the plug."""
    connection_created.connect(_spare_the_disk)
    connection.close()
    yield
    connection_created.disconnect(_spare_the_disk)
    connection.close()
