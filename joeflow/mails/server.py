"""The mail server, as Django's settings name it."""

from __future__ import annotations

import logging
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.core import mail

__all__ = ("close", "connect", "is_final")

logger = logging.getLogger("joeflow")

#: How long a mail server may be silent, where EMAIL_TIMEOUT says nothing.
SOCKET_SECONDS = 10.0


def connect() -> Any:
    """Return a connection of the default backend; it is not open yet."""
    # Django 6.1 has mailers; get_connection() leads to the default one, and is deprecated.
    mailers: Any = getattr(mail, "mailers", None)
    connection: Any = mailers.default if mailers is not None else mail.get_connection()
    if getattr(connection, "timeout", 0) is None:
        connection.timeout = SOCKET_SECONDS
    return connection


def close(connection: Any) -> None:
    """Close a connection; it never raises."""
    try:
        if connection is not None:
            connection.close()
    except Exception as error:  # noqa: BLE001 - what was sent is sent
        logger.info("event=mail_connection_not_closed error=%r", error)


def is_final(error: SMTPRecipientsRefused | SMTPResponseException) -> bool:
    """Tell whether a mail server will never take a mail."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return error.smtp_code >= 500
