"""Write and send the mails of a row, and write down what came of it."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.core import mail
from django.db import connections
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.dispatch import Breaker
from joeflow.exceptions import JoeflowError
from joeflow.mails.people import address_of, people_of
from joeflow.models import Event

__all__ = ("Post", "breaker")

logger = logging.getLogger("joeflow")

#: How long one row's mails are sent; the rest is for the next sweep.
SEND_SECONDS = 30.0
#: How many of them are written in one go, as somebody may wait for that.
MOST_MAILS = 50
#: How long a mail server may be silent, where EMAIL_TIMEOUT says nothing.
SOCKET_SECONDS = 10.0
#: How long mails are tried again.
PATIENCE = timedelta(days=3)

#: A process leaves a mail server alone for so long after it has failed.
breaker = Breaker(30.0)


class Post:
    """The mails of one row.

    They are sent by a thread. Who waits for that writes down what came of it; where nobody waits
    any more, the thread does.
    """

    def __init__(self, row: Any, using: str) -> None:
        self.row = row
        self.using = using
        self.messages: list[tuple[Any, Any]] = []
        self.sent: list[Any] = []
        self.refused: list[Any] = []
        self.is_whole = True  # all mails could be written
        self.has_more = False
        self.has_failed = False
        self._state = threading.Lock()
        self._has_begun = self._is_done = self._is_alone = False

    def write(self) -> None:
        """Write the mails, each to one person alone, in that person's language."""
        task, about = self.row.task, self.row.data["about"]
        node = _node_of(task)
        for user in people_of(task, self.row.data.get("to"), self.using) if node else ():
            if str(user.pk) in self.row.data["done"]:
                continue
            if len(self.messages) == MOST_MAILS:
                self.has_more = True
                break
            if not address_of(user):
                logger.info("event=mail_skipped task=%s user=%s reason=no_address", task, user.pk)
                continue
            zone = timezone.get_default_timezone() if settings.USE_TZ else None
            try:
                language = node.get_mail_language(user)
                with translation.override(language), timezone.override(zone):
                    message = node.get_mail(task, user, about)
            except Exception:
                self.is_whole = False
                logger.exception("event=mail_failed task=%s about=%s user=%s", task, about, user.pk)
                continue
            if message is not None:
                self.messages.append((user, self._with_headers(message, user)))

    def _with_headers(self, message: Any, user: Any) -> Any:
        """Mark it as no person's, and as the same if it is sent again."""
        key = f"{self.row.pk}.{user.pk}.{self.row.created.timestamp()}"
        digest = salted_hmac("joeflow.mails", key, algorithm="sha256").hexdigest()[:32]
        host = parseaddr(message.from_email)[1].rpartition("@")[2] or "localhost"
        message.extra_headers.setdefault("Message-ID", f"<{digest}@{host}>")
        message.extra_headers.setdefault("Auto-Submitted", "auto-generated")
        return message

    # In the thread.

    def send(self) -> None:
        """Send the mails."""
        with self._state:
            if self._is_done:
                return
            self._has_begun = True
        try:
            self._send_all()
        finally:
            with self._state:
                self._is_done, is_alone = True, self._is_alone
            try:
                if is_alone:
                    self.record()
            finally:
                connections.close_all()  # also those of a mail backend

    def _send_all(self) -> None:
        until = time.monotonic() + SEND_SECONDS
        connection = None
        try:
            connection = _connect()
            connection.open()
            for user, message in self.messages:
                if time.monotonic() > until:
                    return
                self._send_one(connection, user, message)
        except Exception as error:  # noqa: BLE001 - a mail backend can raise anything
            breaker.open()
            self._complain(self._waiting, error)
        finally:
            _close(connection)

    def _send_one(self, connection: Any, user: Any, message: Any) -> None:
        try:
            connection.send_messages([message])
        except (SMTPRecipientsRefused, SMTPDataError) as error:
            if _is_final(error):
                self.refused.append(user)
            self._complain([user], error)
        except OSError:
            raise  # the server is not there, or not any more; among these are all errors of SMTP
        except Exception as error:  # noqa: BLE001 - it is this mail's own, and not the next one's
            self._complain([user], error)
        else:
            self.sent.append(user)

    @property
    def _waiting(self) -> list[Any]:
        return [user for user, _ in self.messages if user not in [*self.sent, *self.refused]]

    def _complain(self, users: list[Any], error: Exception) -> None:
        self.has_failed = True
        final = users == self.refused[-1:]
        logger.log(
            logging.ERROR if final else logging.WARNING,
            "event=mail_failed task=%s about=%s user=%s error=%r again=%s",
            self.row.task,
            self.row.data["about"],
            ",".join(str(user.pk) for user in users),
            error,
            not final,
        )

    # In the end.

    def leave_alone(self) -> None:
        """Wait no longer for the thread."""
        with self._state:
            self._is_alone = self._has_begun and not self._is_done
            self._is_done = not self._is_alone  # it need not begin any more
        if not self._is_alone:
            self.record()

    def record(self) -> None:
        """Write down who was told; what is left is tried again later."""
        done = [*self.sent, *self.refused]
        data, text = self.row.data, self.row.text
        data["done"] += [str(user.pk) for user in done]
        names = ", ".join(str(user) for user in self.sent)
        text = f"{text}, {names}" if text and names else text or names
        rows = Event._base_manager.using(self.using).filter(pk=self.row.pk)
        for user in self.sent:
            told = (self.row.task, data["about"], user.pk)
            logger.info("event=mail_sent task=%s about=%s user=%s", *told)
        waited = self.row.now - self.row.created
        is_left = self.has_more or not self.is_whole or bool(self._waiting)
        if is_left and waited > PATIENCE:
            logger.error("event=mail_given_up task=%s about=%s", self.row.task, data["about"])
            is_left = False
        if not is_left and not text:
            rows.delete()  # nobody was told
            return
        eta = DatabaseNow(self._delay(waited)) if is_left else None
        rows.update(data=data, text=text, eta=eta)

    def _delay(self, waited: timedelta) -> timedelta:
        """Return half of the time waited so far; nothing where the time was too short for all."""
        if self.is_whole and not self.has_failed and self.sent:
            return timedelta(0)
        longest = timedelta(seconds=settings.JOEFLOW_RETRY_MAX)
        return max(timedelta(seconds=breaker.seconds), min(waited / 2, longest))


def _node_of(task: Any) -> Any:
    """Return the node of an open task; None where it sends no mails any more."""
    if task.completed is not None:
        return None
    try:
        node = task.node
    except JoeflowError:
        return None
    return node if hasattr(node, "note_mail") else None


def _connect() -> Any:
    # Django 6.1 has mailers; get_connection() leads to the default one, and is deprecated.
    mailers: Any = getattr(mail, "mailers", None)
    connection: Any = mailers.default if mailers is not None else mail.get_connection()
    if getattr(connection, "timeout", 0) is None:
        connection.timeout = SOCKET_SECONDS
    return connection


def _close(connection: Any) -> None:
    try:
        if connection is not None:
            connection.close()
    except Exception as error:  # noqa: BLE001 - what was sent is sent
        logger.info("event=mail_connection_not_closed error=%r", error)


def _is_final(error: SMTPRecipientsRefused | SMTPResponseException) -> bool:
    """Tell whether a mail server will never take a mail."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return error.smtp_code >= 500
