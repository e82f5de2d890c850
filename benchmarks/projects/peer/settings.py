"""viewflow, with jobs that Celery carries."""

from base import *  # noqa: F403
from base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "viewflow", "viewflow.workflow", "peer"]
ROOT_URLCONF = "peer.urls"
