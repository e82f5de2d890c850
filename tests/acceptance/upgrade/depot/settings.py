"""Settings of the project; the environment says where its database and its broker are."""

import json
import os

NAME = os.environ["DEPOT_NAME"]
RUNNER = os.environ["DEPOT_RUNNER"]

SECRET_KEY = "not-secret-in-tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "depot.urls"
DATABASES = {"default": json.loads(os.environ["DEPOT_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "reversion",
    "joeflow",
    "depot",
    *(["django_dramatiq"] if RUNNER == "dramatiq" else []),
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    },
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

CELERY_BROKER_URL = os.environ["DEPOT_BROKER"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{NAME}:"}
CELERY_IMPORTS = ["joeflow.runner.celery"]
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker",
    "OPTIONS": {"url": os.environ["DEPOT_BROKER"], "namespace": NAME},
    "MIDDLEWARE": [
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}

JOEFLOW_TASK_RUNNER = f"joeflow.runner.{RUNNER}.task_runner"
JOEFLOW_CELERY_QUEUE_NAME = NAME
# Version 2 knows none of these.
JOEFLOW_GRACE_PERIOD = 1
JOEFLOW_SWEEP_SECONDS = 0.5
JOEFLOW_RETRY_MIN = 0.2
