"""Sample of the guide to inboxes."""

from datetime import timedelta

from django.core.mail import send_mail


def tell(request, task, user):
    """Send somebody a link to a task, from a view."""
    url = request.build_absolute_uri(task.get_signed_url(user, max_age=timedelta(days=1)))
    send_mail(f"{task.workflow} waits for you", url, None, [user.email])
