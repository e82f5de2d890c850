"""The floor: hand-written Celery code, one short transaction for each message."""

from base import *  # noqa: F403
from base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "floor"]
ROOT_URLCONF = "floor.urls"
