"""The demo project."""

import os

# Whoever sends a task to Celery needs the app, so it is loaded with the project.
if os.environ.get("DEMO_RUNNER") == "celery":
    from project.celery import app as celery_app

    __all__ = ("celery_app",)
