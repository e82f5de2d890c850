"""Send mail with another backend, on each Django."""

import django

#: Before, these were settings of their own, and MAILERS is not read.
HAS_MAILERS = django.VERSION >= (6, 1)


def use_backend(settings, path, **options):
    """Let mails be sent with a backend.

    Args:
        settings: The fixture.
        path: Dotted path of the backend's class.
        options: Like ``host`` and ``port``.
    """
    if HAS_MAILERS:
        settings.MAILERS = {"default": {"BACKEND": path, "OPTIONS": options}}
        return
    settings.EMAIL_BACKEND = path
    for name, value in options.items():
        setattr(settings, f"EMAIL_{name.upper()}", value)
