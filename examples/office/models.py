"""What the demo keeps besides its workflows."""

from django.db import models


class SentMail(models.Model):
    """A mail that the demo has written to the console, so that it can be read in the browser."""

    sent = models.DateTimeField(auto_now_add=True)
    to = models.TextField()
    subject = models.TextField()
    text = models.TextField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.subject
