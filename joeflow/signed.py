"""Links with which one person does one task without a login, for instance from a mail."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

__all__ = ("Pass", "read_token", "write_token")

_SALT = "joeflow.signed"


@dataclass(frozen=True)
class Pass:
    """What a link says that nobody has tampered with, and that has not expired.

    Args:
        task_pk: Key of the task.
        user_pk: Key of the person, as text.
        proof: Stands for the password that this person had when the link was made.
    """

    task_pk: int
    user_pk: str
    proof: str

    def is_of(self, user: Any) -> bool:
        """Tell whether it is this person's, who is active and has the same password as then."""
        return bool(
            user is not None
            and user.is_active
            and str(user.pk) == self.user_pk
            and constant_time_compare(_proof(user), self.proof)
        )


def write_token(task_pk: int, user: Any, max_age: timedelta) -> str:
    """Return the part of a link that says who may do what, and until when.

    Args:
        task_pk: Key of the task.
        user: Who may do it.
        max_age: How long from now on.
    """
    expires = int(time.time() + max_age.total_seconds())
    return signing.dumps([task_pk, str(user.pk), _proof(user), expires], salt=_SALT)


def read_token(token: str) -> Pass | None:
    """Return what a link says; None where it is broken, or has expired.

    Args:
        token: What `write_token` returned, or anything else.
    """
    try:
        task_pk, user_pk, proof, expires = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Pass(task_pk, user_pk, proof) if time.time() < expires else None


def _proof(user: Any) -> str:
    # A new password ends the links, as it ends the sessions; the signature hides the old one.
    return salted_hmac(_SALT, user.password, algorithm="sha256").hexdigest()[:16]
