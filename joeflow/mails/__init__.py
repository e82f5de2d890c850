"""The mails that tell people of their tasks."""

from joeflow.mails.outbox import note, send_overdue, sent_later
from joeflow.mails.people import address_of

__all__ = ("address_of", "note", "send_overdue", "sent_later")
