"""The settings, with their defaults; read when they are used."""

from __future__ import annotations

from appconf import AppConf
from django.conf import settings

__all__ = ("JoeflowAppConfig", "settings")


class JoeflowAppConfig(AppConf):
    """All settings of joeflow; set one in your settings file to change its default.

    Times are seconds.
    """

    JOEFLOW_TASK_RUNNER: str = "joeflow.runner.celery.task_runner"
    """
    Dotted path of the callable that carries a due machine task to a worker.

    joeflow brings three:

    * ``joeflow.runner.celery.task_runner``
    * ``joeflow.runner.dramatiq.task_runner``
    * ``joeflow.runner.django_tasks.task_runner``
    """

    JOEFLOW_CELERY_QUEUE_NAME: str = "yoloflow"
    """Queue that Celery and Dramatiq put machine tasks in."""

    JOEFLOW_TASK_QUEUE_NAME: str | None = None
    """Queue for machine tasks on each of the runners; replaces their own defaults where set."""

    JOEFLOW_LOCK_TIMEOUT: float = 5
    """How long a person waits at most for an instance that somebody else is working on."""

    JOEFLOW_STAY_SECONDS: float = 2
    """How long a worker goes on with the due tasks of one instance; 0: one task per message."""

    JOEFLOW_RETRY_MIN: float = 1
    """Shortest time after which a task that returned ``False`` is asked again."""

    JOEFLOW_RETRY_MAX: float = 600
    """Longest time after which a task that returned ``False`` is asked again."""

    JOEFLOW_GRACE_PERIOD: float = 30
    """How long a task may be handed out without a result before it is handed out again."""

    JOEFLOW_SWEEP_SECONDS: float = 5
    """Time between two sweeps of the recovery, in each worker."""

    JOEFLOW_MAX_STARTS: int = 5
    """How often a task may be started without coming back before it fails."""

    JOEFLOW_TIME_LIMIT: float | None = None
    """How long a machine task may run; ``None``: as long as it likes."""

    JOEFLOW_INSTANCES_WITH_PERMISSION: str | None = (
        "joeflow.contrib.guardian.instances_with_permission"
    )
    """
    Dotted path of a callable that tells for which instances somebody has a permission.

    It is called with the user, the permission and the workflow class, and returns a queryset of
    instances, or ``None`` for none of them. An inbox asks it, where a person has not the permission
    for all instances. The default asks django-guardian, where that is installed.
    """

    JOEFLOW_BASE_URL: str | None = None
    """
    Where people reach the site, like ``"https://shop.example"``, for the links in mails.

    ``None``: the domain of the current site of ``django.contrib.sites``, where that is installed,
    with https.
    """

    JOEFLOW_MAIL_LANGUAGE: str | None = None
    """
    Dotted path of a callable that tells in which language to write to somebody.

    It is called with the user, and returns a code like ``"de"``, or ``None`` for ``LANGUAGE_CODE``.
    """
