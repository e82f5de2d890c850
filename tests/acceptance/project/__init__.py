"""A project whose worker processes the acceptance tests start."""

import os

if "celery" in os.environ.get("JOEFLOW_SITE_RUNNER", ""):
    from tests.acceptance.project.celery import app as celery_app  # noqa: F401
