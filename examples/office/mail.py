"""The mail of the demo leaves nobody's machine."""

from django.core.mail.backends import console

from office.models import SentMail


class EmailBackend(console.EmailBackend):
    """Writes mail to the console, and keeps it for the page "Mail"."""

    def write_message(self, message):
        super().write_message(message)
        SentMail.objects.create(
            to=", ".join(message.recipients()), subject=message.subject, text=message.body
        )
