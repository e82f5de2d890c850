"""Settings of a project that keeps its workflows in a database of their own, and reads a replica.

The replica is the same SQLite file, opened for reading alone: whoever writes there fails.
The environment variable JOEFLOW_TEST_FOLDER says where the files are.
"""

import os
from pathlib import Path

FOLDER = Path(os.environ["JOEFLOW_TEST_FOLDER"])

SECRET_KEY = "not-secret-in-tests"
USE_TZ = os.environ.get("JOEFLOW_TEST_USE_TZ", "1") == "1"
TIME_ZONE = "America/New_York"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tests.testapp",
    "joeflow",
]
JOEFLOW_TASK_RUNNER = "tests.runners.record"


def _sqlite(name, **options):
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", **options},
    }


DATABASES = {
    "default": _sqlite(FOLDER / "default.sqlite3"),
    "workflows": _sqlite(FOLDER / "workflows.sqlite3"),
    "replica": _sqlite(f"file:{FOLDER / 'workflows.sqlite3'}?mode=ro", uri=True),
}
DATABASES["replica"]["OPTIONS"]["transaction_mode"] = "DEFERRED"


class Router:
    """Sends all that a workflow needs to the one database, users and content types included."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "workflows"

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return db == "workflows" or app_label in {"auth", "contenttypes"}


DATABASE_ROUTERS = [Router()]
