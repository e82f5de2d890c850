"""Where Dramatiq's workers look for actors."""

from joeflow.runner import dramatiq  # noqa: F401
