"""Settings of the demo project.

Environment variables choose what it runs on; all have defaults that need nothing but Python:

DEMO_RUNNER    what runs machine tasks: django_tasks (default), celery or dramatiq
DATABASE_URL   sqlite:////path/of/file (default: db.sqlite3, here), or
               postgresql://user:password@host:port/name
BROKER_URL     where Celery or Dramatiq finds its broker (default: redis://127.0.0.1:6379/0)
DEMO_REMIND_AFTER  seconds until reviewers are reminded of an expense claim (default: 15)
DEMO_URL       where people reach the demo: what the links in its mails begin with (default:
               http://127.0.0.1:8000; demo.py sets it)

SECRET_KEY, DEBUG (0 or 1) and ALLOWED_HOSTS (parted by spaces) are for a server that others can
reach.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from project.environ import choice_from, database_from

BASE_DIR = Path(__file__).resolve().parent.parent

# Your own project keeps its key secret, and switches DEBUG off where others can reach it.
DEBUG = os.environ.get("DEBUG", "1") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or ("only-for-the-demo" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1 localhost [::1]").split()

RUNNER = choice_from("DEMO_RUNNER", ["django_tasks", "celery", "dramatiq"])
DATABASES = {"default": database_from("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")

# Django 6 brings these; before, the backport is an app, and there is no such middleware.
HAS_TASKS = find_spec("django.tasks") is not None
HAS_CSP = find_spec("django.middleware.csp") is not None
HAS_MAILERS = find_spec("django.core.mail.handler") is not None

RUNNER_APPS = {
    "django_tasks": ["django_tasks_db", *([] if HAS_TASKS else ["django_tasks"])],
    "celery": [],
    "dramatiq": ["django_dramatiq"],
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    *RUNNER_APPS[RUNNER],
    *(["reversion"] if find_spec("reversion") else []),
    # Before joeflow, as it adds to joeflow's templates.
    "office",
    "joeflow",
    "shipping",
    "welcome",
    "expenses",
    "onboarding",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    *(["django.middleware.csp.ContentSecurityPolicyMiddleware"] if HAS_CSP else []),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page is for people who are logged in, those of joeflow too.
    "project.middleware.LoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Nothing comes from elsewhere, and no page has scripts or styles of its own.
SECURE_CSP = {"default-src": ["'self'"], "img-src": ["'self'", "data:"]}

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

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# Mail is written to the console of whoever sends it, and shown on a page of the demo.
MAIL_BACKEND = "office.mail.EmailBackend"
if HAS_MAILERS:
    MAILERS = {"default": {"BACKEND": MAIL_BACKEND}}
else:
    EMAIL_BACKEND = MAIL_BACKEND
DEFAULT_FROM_EMAIL = "office@example.com"

# Mails have links to the forms.
JOEFLOW_BASE_URL = os.environ.get("DEMO_URL") or "http://127.0.0.1:8000"

# What runs machine tasks. One of the three blocks below is enough for your own project.
JOEFLOW_TASK_RUNNER = f"joeflow.runner.{RUNNER}.task_runner"

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

CELERY_BROKER_URL = BROKER_URL
# A broker that takes a connection and then says nothing must not hold up anybody.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_timeout": 5, "socket_connect_timeout": 5} if BROKER_URL.startswith("redis") else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Celery's worker keeps a database connection for so many tasks, instead of one for each.
CELERY_DB_REUSE_MAX = 1000

DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker"
    if BROKER_URL.startswith("redis")
    else "dramatiq.brokers.rabbitmq.RabbitmqBroker",
    "OPTIONS": {"url": BROKER_URL},
    "MIDDLEWARE": [
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.ShutdownNotifications",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}

# An instant for the demo; for your own colleagues it would be days.
EXPENSES_REMIND_AFTER = float(os.environ.get("DEMO_REMIND_AFTER", "15"))

# What joeflow does is logged, one line for each step.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"short": {"format": "%(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "short"}},
    "loggers": {
        "joeflow": {"handlers": ["console"], "level": "INFO"},
        # Pages that somebody may not see, or that are gone, are nothing to worry about.
        "django.request": {"level": "ERROR"},
    },
}
