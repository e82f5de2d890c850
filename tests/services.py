"""The services that some tests need: where they are, and whether they are there.

Every test that needs one says so with ``@pytest.mark.service("redis")``. Where it is missing the
test is skipped, with the reason; under the environment variable CI it fails.
"""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent

# What a server on this machine is reached with, unless the environment says something else.
_SERVERS = {
    "postgresql": {"HOST": "127.0.0.1", "PORT": "5432", "USER": "postgres", "PASSWORD": ""},
    "mariadb": {"HOST": "127.0.0.1", "PORT": "3306", "USER": "root", "PASSWORD": ""},
}


def _server(name: str) -> dict[str, str]:
    """Return host, port, user and password of a database server."""
    return {
        key: os.environ.get(f"JOEFLOW_TEST_{name.upper()}_{key}", default)
        for key, default in _SERVERS[name].items()
    }


def redis_url() -> str:
    """Return the URL of the Redis server; its database 15 belongs to the tests."""
    return os.environ.get("JOEFLOW_TEST_REDIS", "redis://127.0.0.1:6379/15")


def rabbitmq_url() -> str:
    """Return the URL of the RabbitMQ server."""
    return os.environ.get("JOEFLOW_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")


def _name() -> str:
    """Return the name of the database; JOEFLOW_TEST_SUFFIX parts runs that share a server."""
    return "joeflow" + os.environ.get("JOEFLOW_TEST_SUFFIX", "")


def _test_name() -> str:
    """Return the name of the database that a run of the tests makes and removes."""
    if "JOEFLOW_TEST_SUFFIX" in os.environ:
        return f"test_{_name()}"
    return f"test_{_name()}_{os.getpid()}"


def _sqlite() -> dict[str, object]:
    folder = ROOT / ".cache"
    folder.mkdir(exist_ok=True)
    # A file, not memory: threads of a test share it, each with a connection of its own.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / f"{_name()}.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # What the tests write need not survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
        },
        "TEST": {"NAME": folder / f"{_test_name()}.sqlite3"},
    }


def _postgresql() -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _name(),
        "TEST": {"NAME": _test_name()},
        **_server("postgresql"),
    }


def _mariadb() -> dict[str, object]:
    import pymysql

    pymysql.install_as_MySQLdb()
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": _name(),
        "OPTIONS": {"charset": "utf8mb4", "isolation_level": "read committed"},
        "TEST": {"NAME": _test_name(), "CHARSET": "utf8mb4"},
        **_server("mariadb"),
    }


_DATABASES: dict[str, Callable[[], dict[str, object]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
}


def database(name: str) -> dict[str, object]:
    """Return Django's settings of the test database of this kind."""
    if name not in _DATABASES:
        raise ValueError(f"JOEFLOW_TEST_DATABASE is {name!r}; it can be {', '.join(_DATABASES)}.")
    return _DATABASES[name]()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def _url_listens(url: str) -> bool:
    parts = urlsplit(url)
    return _listens(parts.hostname or "127.0.0.1", parts.port or 0)


def _server_listens(name: str) -> bool:
    server = _server(name)
    return _listens(server["HOST"], int(server["PORT"]))


def chromium() -> str | None:
    """Return the path of the Chromium program, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


_PROBES: dict[str, tuple[Callable[[], object], str]] = {
    "postgresql": (lambda: _server_listens("postgresql"), "no PostgreSQL server answers"),
    "mariadb": (lambda: _server_listens("mariadb"), "no MariaDB server answers"),
    "redis": (lambda: _url_listens(redis_url()), "no Redis server answers"),
    "rabbitmq": (lambda: _url_listens(rabbitmq_url()), "no RabbitMQ server answers"),
    "chromium": (chromium, "the program chromium is not installed"),
    "dot": (lambda: shutil.which("dot"), "the program dot (Graphviz) is not installed"),
    "gettext": (lambda: shutil.which("xgettext"), "the programs of GNU gettext are not installed"),
}
NAMES = tuple(_PROBES)

_found: dict[str, bool] = {}


def missing(*names: str) -> str | None:
    """Say what is missing of these services; None when all are there.

    Raises:
        ValueError: for a name that stands for no service.
    """
    reasons = []
    for name in names:
        if name not in _PROBES:
            raise ValueError(f"{name!r} is no service; there are {', '.join(NAMES)}.")
        probe, reason = _PROBES[name]
        if name not in _found:
            _found[name] = bool(probe())
        if not _found[name]:
            reasons.append(f"{name}: {reason}")
    return "; ".join(reasons) or None
