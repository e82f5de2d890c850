"""Settings of the project in the storm: those of the other acceptance tests, and its workflows."""

import os

from tests.acceptance.project.settings import *  # noqa: F403

INSTALLED_APPS = [
    app
    for app in INSTALLED_APPS  # noqa: F405
    if app not in {"tests.testapp", "reversion"}
] + ["tests.acceptance.storm.weather"]
ROOT_URLCONF = "tests.acceptance.storm.project.urls"
WSGI_APPLICATION = "tests.acceptance.storm.project.wsgi.application"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tests.acceptance.storm.project.views.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

# Short, so that what is lost in the storm comes back while somebody watches.
JOEFLOW_GRACE_PERIOD = 1
JOEFLOW_SWEEP_SECONDS = 0.5
JOEFLOW_RETRY_MIN = 0.2
JOEFLOW_RETRY_MAX = 1
JOEFLOW_MAX_STARTS = int(os.environ.get("STORM_MAX_STARTS", "5"))
JOEFLOW_LOCK_TIMEOUT = 2
JOEFLOW_STAY_SECONDS = float(os.environ.get("STORM_STAY_SECONDS", "2"))
