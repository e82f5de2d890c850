"""What the server of the database is asked before joeflow trusts it."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import IsolationLevel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reconnect():
    """Return a function that connects with other options."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)

    def connect(**others):
        connections.close_all()
        options.update(others)

    yield connect
    connections.close_all()
    options.clear()
    options.update(before)


@pytest.fixture
def read_only_server():
    """Let MariaDB be a replica for everybody but its administrator."""
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        yield
        cursor.execute("SET GLOBAL read_only = 0")


def check():
    call_command("check", databases=["default"])


def on(vendor):
    return pytest.mark.skipif(connection.vendor != vendor, reason=f"is about {vendor}")


def test_the_server_of_the_tests_is_in_order():
    check()


@on("postgresql")
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_server_that_reads_the_past_is_refused(reconnect, level):
    reconnect(options=f"-c default_transaction_isolation={level.replace(' ', chr(92) + ' ')}")

    with pytest.raises(SystemCheckError, match=rf"(?s)E013.*{level}.*READ COMMITTED"):
        check()


@on("postgresql")
def test_its_level_does_not_matter_where_django_asks_for_another(reconnect):
    reconnect(
        options="-c default_transaction_isolation=serializable",
        isolation_level=IsolationLevel.READ_COMMITTED,
    )

    check()


@on("postgresql")
def test_a_server_that_can_only_be_read_is_refused(reconnect):
    reconnect(options="-c default_transaction_read_only=on")

    with pytest.raises(SystemCheckError, match=r"(?s)E024.*can only be read.*to the primary"):
        check()


@on("mysql")
def test_a_replica_is_refused(read_only_server):
    with pytest.raises(SystemCheckError, match=r"(?s)E024.*can only be read.*to the primary"):
        check()
