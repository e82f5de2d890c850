"""Sends nothing."""


def drop(**message):
    """Take a message, and forget it."""
