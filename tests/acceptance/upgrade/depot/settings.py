"""Settings of the project; the environment says where its database and its broker are."""

import json
import os

NAME = os.environ["DEPOT_NAME"]

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
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

CELERY_BROKER_URL = os.environ["DEPOT_BROKER"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{NAME}:"}
CELERY_IMPORTS = ["joeflow.runner.celery"]
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

JOEFLOW_TASK_RUNNER = "joeflow.runner.celery.task_runner"
JOEFLOW_CELERY_QUEUE_NAME = NAME
# Version 2 knows none of these.
JOEFLOW_GRACE_PERIOD = 1
JOEFLOW_SWEEP_SECONDS = 0.5
JOEFLOW_RETRY_MIN = 0.2
