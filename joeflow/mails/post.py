"""Write and send the mails of a row, and write down what came of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

from django.db import connections
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.dispatch import Breaker
from joeflow.exceptions import JoeflowError
from joeflow.mails.people import address_of, name_of, people_of
from joeflow.mails.server import close, connect, is_final
from joeflow.models import Event

__all__ = ("Post", "breaker")

logger = logging.getLogger("joeflow")

#: How long one row's mails are sent; the rest is for the next sweep.
SEND_SECONDS = 30.0
#: How many of them are written in one go, as somebody may wait for that.
MOST_MAILS = 50
#: After so many, who was told is written down, for the case that the process dies.
NOTED_AFTER = 10
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
        self.is_down = False
        self._looked_at: Any = None  # key of the last person whose mail was written, or could not
        self._tried = 0
        self._state = threading.Lock()
        self._has_begun = self._is_done = self._is_alone = False

    def write(self) -> None:
        """Write the mails, each to one person alone, in that person's language."""
        try:
            self._write_all(_node_of(self.row.task))
        except Exception:
            self.is_whole = False
            told = (self.row.task, self.row.data["about"])
            logger.exception("event=mail_failed task=%s about=%s", *told)

    def _write_all(self, node: Any) -> None:
        number = 0
        for user in self._people() if node else ():
            if number == MOST_MAILS:
                self.has_more = True
                return
            self._looked_at = user.pk
            if not address_of(user):
                told = (self.row.task, user.pk)
                logger.info("event=mail_skipped task=%s user=%s reason=no_address", *told)
                continue
            number += 1
            message = self._write_one(node, user)
            if message is not None:
                self.messages.append((user, message))

    def _people(self) -> Iterable[Any]:
        data = self.row.data
        done, after = data["done"], data.get("after")
        return people_of(self.row.task, data.get("to"), self.using, done=done, after=after)

    def _write_one(self, node: Any, user: Any) -> Any:
        task, about = self.row.task, self.row.data["about"]
        zone = timezone.get_default_timezone() if settings.USE_TZ else None
        try:
            language = node.get_mail_language(user)
            with translation.override(language), timezone.override(zone):
                message = node.get_mail(task, user, about)
            return None if message is None else self._with_headers(message, user)
        except Exception:
            self.is_whole = False
            logger.exception("event=mail_failed task=%s about=%s user=%s", task, about, user.pk)
            return None

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
            except Exception:
                logger.exception("event=mail_failed event_pk=%s", self.row.pk)
            finally:
                connections.close_all()  # also those of a mail backend

    def _send_all(self) -> None:
        until = time.monotonic() + SEND_SECONDS
        connection = None
        try:
            connection = connect()
            connection.open()
            for user, message in self.messages:
                if time.monotonic() > until:
                    return
                self._tried += 1
                self._send_one(connection, user, message)
                # Who waits may be in a transaction that has locked the row.
                if self._is_alone and self._tried % NOTED_AFTER == 0:
                    self._note_sent()
        except Exception as error:  # noqa: BLE001 - a mail backend can raise anything
            self.is_down = True
            breaker.open()
            self._complain(self._waiting, error)
        finally:
            close(connection)

    def _note_sent(self) -> None:
        try:
            self._rows.update(data=self._data)
        except Exception:
            logger.exception("event=mail_not_noted event_pk=%s", self.row.pk)

    def _send_one(self, connection: Any, user: Any, message: Any) -> None:
        try:
            connection.send_messages([message])
        except (SMTPRecipientsRefused, SMTPDataError) as error:
            if is_final(error):
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
        had = {user.pk for user in (*self.sent, *self.refused)}
        return [user for user, _ in self.messages if user.pk not in had]

    def _complain(self, users: list[Any], error: Exception) -> None:
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
        is_over = not self.has_more and self._tried == len(self.messages)
        has_missed = self._has_missed
        is_left = has_missed or not is_over
        waited = self.row.now - self.row.created
        if is_left and waited > PATIENCE:
            logger.error(
                "event=mail_given_up task=%s about=%s", self.row.task, self.row.data["about"]
            )
            is_left = False
        if not (is_left or self.sent or self.row.text):
            self._rows.delete()  # nobody was told
            return
        # Those who were missed have their next turn when everybody else has had one.
        data = {**self._data, "after": None, "has_missed": False}
        if not is_over:
            data |= {"after": self._reached, "has_missed": has_missed}
        eta = DatabaseNow(self._delay(waited, data["after"])) if is_left else None
        self._rows.update(data=data, eta=eta)  # before anything that can fail
        self._tell()

    def _tell(self) -> None:
        """Tell in the log and the history whom a mail went to."""
        for user in self.sent:
            told = (self.row.task, self.row.data["about"], user.pk)
            logger.info("event=mail_sent task=%s about=%s user=%s", *told)
        if self.sent:
            names = [self.row.text] if self.row.text else []
            names += [name_of(user) for user in self.sent]
            self._rows.update(text=", ".join(names))

    @property
    def _rows(self) -> Any:
        return Event._base_manager.using(self.using).filter(pk=self.row.pk)

    @property
    def _data(self) -> dict[str, Any]:
        done = [str(user.pk) for user in (*self.sent, *self.refused)]
        return {**self.row.data, "done": self.row.data["done"] + done}

    @property
    def _has_missed(self) -> bool:
        """Whether somebody got no mail, though it was his turn."""
        missed = self._tried - len(self.sent) - len(self.refused)
        return bool(missed or not self.is_whole or self.row.data.get("has_missed"))

    @property
    def _reached(self) -> str | None:
        """Key of the last person who has had his turn."""
        before: str | None = self.row.data.get("after")
        if self._tried == len(self.messages):
            return before if self._looked_at is None else str(self._looked_at)
        return str(self.messages[self._tried - 1][0].pk) if self._tried else before

    def _delay(self, waited: timedelta, after: str | None) -> timedelta:
        """Return half of the time waited so far; nothing where the time was too short for all."""
        if not self.is_down and after not in {None, self.row.data.get("after")}:
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
