"""Human tasks that tell people by mail that they are waiting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.dispatch import Signal
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from joeflow.conf import settings
from joeflow.graph import words
from joeflow.mails import address_of, note
from joeflow.models import Task
from joeflow.signals import task_assigned, task_reminded
from joeflow.transitions import Transition

__all__ = ("MailMixin",)

#: The signals that mails are sent for, with the names of their templates.
_ABOUT = {task_assigned: "assigned", task_reminded: "reminded"}


class MailMixin:
    """Sends a mail to those whom a task is given to, and when they are reminded of it.

    Name it first::

        class ApproveView(tasks.MailMixin, tasks.UpdateView):
            fields = ["approved"]

    Each person gets a mail of his own, after the commit, once for each time that the task is given
    to him.

    Attributes:
        mail_link: ``"signed"``: with the link, this person does this one task without a login;
            ``"login"``: it leads to the page of the task, which asks for a login.
        mail_max_age: How long a signed link can be used.
        mail_from: Address of the sender; ``None``: ``DEFAULT_FROM_EMAIL``.
    """

    mail_link = "signed"
    mail_max_age = timedelta(days=3)
    mail_from: str | None = None

    name: Any
    path: str
    is_start: bool
    workflow_cls: Any

    def note_mail(
        self, current: Transition, signal: Signal, task: Task, to: Iterable[Any] | None
    ) -> None:
        """Note that people have to be told; called in the transition, before the commit.

        Args:
            current: The open transition.
            signal: What will be sent after the commit.
            task: The task.
            to: The users and groups who have to be told; None: all whom it is for.
        """
        if signal in _ABOUT:
            note(current, task, _ABOUT[signal], to)

    def get_mail(self, task: Task, user: Any, about: str) -> EmailMultiAlternatives | None:
        """Return the mail for one person, in the language that is active; None: no mail.

        Args:
            task: The task.
            user: Whom it is for.
            about: ``"assigned"`` or ``"reminded"``.
        """
        context = self.get_mail_context(task, user, about)
        subject = self._render(about, "_subject.txt", context)
        text = self._render(about, ".txt", context).strip() + "\n"
        linked = _linked(text, context.get("url"))
        html = self._render(about, ".html", {**context, "text": text, "linked_text": linked})
        message = EmailMultiAlternatives(
            " ".join(subject.split()), text, self.mail_from, [address_of(user)]
        )
        message.attach_alternative(html, "text/html")
        return message

    def get_mail_language(self, user: Any) -> str:
        """Return the code of the language for somebody's mails.

        Args:
            user: Who gets the mail.
        """
        path = settings.JOEFLOW_MAIL_LANGUAGE
        language: str | None = import_string(path)(user) if path else None
        return language or settings.LANGUAGE_CODE

    def get_mail_context(self, task: Task, user: Any, about: str) -> dict[str, Any]:
        """Return what the templates know.

        Args:
            task: The task.
            user: Whom the mail is for.
            about: ``"assigned"`` or ``"reminded"``.
        """
        is_signed = self.mail_link == "signed"
        return {
            "task": task,
            "task_label": words(task.name),
            "workflow": task.workflow,
            "user": user,
            "about": about,
            "url": base_url() + self.get_mail_path(task, user),
            "expires": timezone.now() + self.mail_max_age if is_signed else None,
        }

    def get_mail_path(self, task: Task, user: Any) -> str:
        """Return the path of the link: that of the task, or of its instance where it has none.

        Args:
            task: The task.
            user: Whom the mail is for.
        """
        if self.mail_link == "signed":
            path = task.get_signed_url(user, self.mail_max_age)
        else:
            path = task.get_absolute_url()
        workflow: Any = task.workflow
        return path or workflow.get_absolute_url() or "/"

    def get_mail_template_names(self, about: str, suffix: str) -> list[str]:
        """Return the names in the order in which Django tries them.

        Args:
            about: ``"assigned"`` or ``"reminded"``.
            suffix: ``"_subject.txt"``, ``".txt"`` or ``".html"``.
        """
        opts = self.workflow_cls._meta
        return [
            f"{opts.app_label}/mail/{opts.model_name}_{self.name}_{about}{suffix}",
            f"{opts.app_label}/mail/{opts.model_name}_{about}{suffix}",
            f"{opts.app_label}/mail/workflow_{about}{suffix}",
            f"joeflow/mail/{about}{suffix}",
        ]

    def _render(self, about: str, suffix: str, context: dict[str, Any]) -> str:
        return render_to_string(self.get_mail_template_names(about, suffix), context)

    def check(self) -> list[CheckMessage]:
        """Find what would fail when a mail is written."""
        return [*super().check(), *self._check_link()]  # type: ignore[misc]

    def _check_link(self) -> Iterable[CheckMessage]:
        label = f"{self.workflow_cls._meta.label}.{self.name}"
        if not (settings.JOEFLOW_BASE_URL or _has_site()):
            hint = 'Set JOEFLOW_BASE_URL, like "https://shop.example", or use django.contrib.sites.'
            yield Error(
                f"{label} sends mails, but nothing says where the site is.",
                hint=hint,
                obj=self.workflow_cls,
                id="joeflow.E041",
            )
        for problem, hint in self._link_problems():
            yield Error(f"{label} {problem}.", hint=hint, obj=self.workflow_cls, id="joeflow.E042")

    def _link_problems(self) -> Iterable[tuple[str, str]]:
        if self.is_start:
            yield "sends mails, but a start is never somebody's", "Leave MailMixin out."
        elif self.mail_link not in {"signed", "login"}:
            yield f"has mail_link={self.mail_link!r}", 'Set it to "signed" or "login".'
        elif self.mail_link == "signed" and self.path:
            yield (
                f"has the path {self.path!r}, with which no link can be signed",
                'Set mail_link = "login", or leave the path out.',
            )


def _linked(text: str, url: str | None) -> SafeString:
    """Make a link of this URL alone: others can be in what a customer wrote."""
    if not url:
        return escape(text)
    link = format_html('<a href="{}">{}</a>', url, Truncator(url).chars(72))
    return mark_safe(link.join(escape(part) for part in text.split(url)))  # noqa: S308 - all escaped


def base_url() -> str:
    """Return scheme and host of the links in mails.

    Raises:
        ImproperlyConfigured: Nothing says where the site is.
    """
    if settings.JOEFLOW_BASE_URL:
        return str(settings.JOEFLOW_BASE_URL).rstrip("/")
    if _has_site():
        model: Any = apps.get_model("sites", "Site")  # type: ignore[misc]
        return f"https://{model.objects.get_current().domain}"
    raise ImproperlyConfigured(
        "Links in mails need to know where the site is: set JOEFLOW_BASE_URL, like "
        '"https://shop.example", or SITE_ID and django.contrib.sites.'
    )


def _has_site() -> bool:
    return apps.is_installed("django.contrib.sites") and bool(getattr(settings, "SITE_ID", None))
