"""The settings: defaults, overrides, and what is read when."""

import pytest
from django.conf import settings as django_settings

from joeflow.conf import JoeflowAppConfig, settings

DEFAULTS = {
    "JOEFLOW_TASK_RUNNER": "joeflow.runner.celery.task_runner",
    "JOEFLOW_CELERY_QUEUE_NAME": "yoloflow",
    "JOEFLOW_TASK_QUEUE_NAME": None,
    "JOEFLOW_LOCK_TIMEOUT": 5,
    "JOEFLOW_STAY_SECONDS": 2,
    "JOEFLOW_RETRY_MIN": 1,
    "JOEFLOW_RETRY_MAX": 600,
    "JOEFLOW_GRACE_PERIOD": 30,
    "JOEFLOW_SWEEP_SECONDS": 5,
    "JOEFLOW_MAX_STARTS": 5,
    "JOEFLOW_TIME_LIMIT": None,
    "JOEFLOW_INSTANCES_WITH_PERMISSION": "joeflow.contrib.guardian.instances_with_permission",
    "JOEFLOW_BASE_URL": None,
    "JOEFLOW_MAIL_LANGUAGE": None,
}


def test_these_are_all_settings_and_their_defaults():
    assert JoeflowAppConfig._meta.defaults == DEFAULTS


@pytest.mark.parametrize(
    "name", sorted(set(DEFAULTS) - {"JOEFLOW_TASK_RUNNER", "JOEFLOW_BASE_URL"})
)
def test_a_setting_has_its_default(name):
    assert getattr(settings, name) == DEFAULTS[name]


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_setting_can_be_overridden_and_is_read_when_it_is_used(name, settings):
    setattr(settings, name, "other")

    assert getattr(django_settings, name) == "other"


def test_an_unknown_setting_is_an_error():
    with pytest.raises(AttributeError):
        _ = settings.JOEFLOW_NOTHING
