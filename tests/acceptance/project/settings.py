"""Settings of a project that real workers run; the environment says which parts it uses."""

import os

import django

from tests import services
from tests.settings import *  # noqa: F403

SITE = os.environ["JOEFLOW_SITE"]  # a name of its own for everything that is shared
BROKER = os.environ.get("JOEFLOW_SITE_BROKER", "")

DATABASES = {"default": services.database(os.environ["JOEFLOW_TEST_DATABASE"])}
DATABASES["default"]["NAME"] = os.environ["JOEFLOW_SITE_DATABASE"]

JOEFLOW_TASK_RUNNER = os.environ["JOEFLOW_SITE_RUNNER"]
JOEFLOW_TASK_QUEUE_NAME = SITE
JOEFLOW_GRACE_PERIOD = 1
JOEFLOW_SWEEP_SECONDS = 0.5
JOEFLOW_RETRY_MIN = 0.2
JOEFLOW_MAX_STARTS = 2

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

CELERY_BROKER_URL = BROKER
CELERY_TASK_DEFAULT_QUEUE = f"{SITE}_other"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
if BROKER.startswith("redis"):
    # What a killed worker had not acknowledged is kept under a name that all would share.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{SITE}:"}

MIDDLEWARE_OF_DRAMATIQ = [
    "dramatiq.middleware.AgeLimit",
    "dramatiq.middleware.TimeLimit",
    "dramatiq.middleware.Callbacks",
    "dramatiq.middleware.Retries",
    "django_dramatiq.middleware.DbConnectionsMiddleware",
]
if BROKER.startswith("redis"):
    DRAMATIQ_BROKER = {
        "BROKER": "dramatiq.brokers.redis.RedisBroker",
        "OPTIONS": {"url": BROKER, "namespace": SITE},
        "MIDDLEWARE": MIDDLEWARE_OF_DRAMATIQ,
    }
else:
    DRAMATIQ_BROKER = {
        "BROKER": "dramatiq.brokers.rabbitmq.RabbitmqBroker",
        # Dramatiq's client wants the name of the virtual host, "/", spelled out.
        "OPTIONS": {"url": BROKER.removesuffix("/") + "%2F" if BROKER.endswith("//") else BROKER},
        "MIDDLEWARE": MIDDLEWARE_OF_DRAMATIQ,
    }

TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", SITE]},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"joeflow": {"handlers": ["console"], "level": "INFO"}},
}
