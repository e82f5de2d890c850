"""Settings of the tests.

The environment variable JOEFLOW_TEST_DATABASE says which database the tests run on: "sqlite"
(the default), "postgresql" or "mariadb". Each server can be named by JOEFLOW_TEST_<SERVER>_HOST,
_PORT, _USER, _PASSWORD; what those leave out is that of a server on this machine.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from tests import services

ROOT = Path(__file__).resolve().parent.parent
DATABASE = os.environ.get("JOEFLOW_TEST_DATABASE", "sqlite")

SECRET_KEY = "not-secret-in-tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
LOCALE_PATHS = []

DATABASES = {"default": services.database(DATABASE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _installed(*names):
    """Return those of these packages that are there: each extra is tested without the others."""
    return [name for name in names if find_spec(name) is not None]


INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    *_installed("reversion", "guardian", "django_dramatiq", "django_tasks_db", "rest_framework"),
    # Django 6 brings the framework itself; before, the backport is an app.
    *([] if find_spec("django.tasks") else _installed("django_tasks")),
    "joeflow",
    "tests.testapp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# django-guardian would make a user of its own, and asks why it is not among the backends.
ANONYMOUS_USER_NAME = None
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

ROOT_URLCONF = "tests.urls"
STATIC_URL = "/static/"
LOGIN_URL = "/admin/login/"
JOEFLOW_BASE_URL = "https://office.example"
# Django 6.1 asks for it; the tests themselves put their own backend there.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
# Passwords are only made to be checked once.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

CELERY_BROKER_URL = os.environ.get("JOEFLOW_TEST_CELERY_BROKER", services.redis_url())
CELERY_TASK_ALWAYS_EAGER = False

DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "OPTIONS": {},
    # Without it, the connections of a worker's threads would outlive them.
    "MIDDLEWARE": ["django_dramatiq.middleware.DbConnectionsMiddleware"],
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
if find_spec("django_tasks_db") is None:
    TASKS = {}
