"""joeflow, of any version."""

import os

from base import *  # noqa: F403
from base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "joeflow", "ours"]
ROOT_URLCONF = "ours.urls"
RUNNER = os.environ.get("BENCH_RUNNER", "celery")
JOEFLOW_TASK_RUNNER = f"joeflow.runner.{RUNNER}.task_runner"
JOEFLOW_CELERY_QUEUE_NAME = "celery"
if RUNNER == "celery":
    CELERY_IMPORTS = ["joeflow.runner.celery"]  # 2.0.2 does not tell the worker by itself
if "BENCH_STAY" in os.environ:
    JOEFLOW_STAY_SECONDS = float(os.environ["BENCH_STAY"])
if RUNNER == "dramatiq":
    INSTALLED_APPS += ["django_dramatiq"]
    DRAMATIQ_BROKER = {
        "BROKER": "dramatiq.brokers.redis.RedisBroker",
        "OPTIONS": {"url": os.environ["BENCH_REDIS_URL"]},
        "MIDDLEWARE": [
            "dramatiq.middleware.AgeLimit",
            "dramatiq.middleware.TimeLimit",
            "dramatiq.middleware.Callbacks",
            "dramatiq.middleware.Retries",
            "django_dramatiq.middleware.DbConnectionsMiddleware",
        ],
    }
if RUNNER == "django_tasks":
    INSTALLED_APPS += ["django_tasks", "django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
