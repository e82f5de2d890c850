"""Samples of the reference of signals."""

from django.core.mail import send_mail
from django.dispatch import receiver

from joeflow.models import Task
from joeflow.signals import task_failed


@receiver(task_failed)
def tell_somebody(sender, *, task_pk, workflow_pk, name, using, **kwargs):
    task = Task.objects.using(using).get(pk=task_pk)
    send_mail(
        subject=f"{sender._meta.verbose_name} {workflow_pk} needs somebody",
        message=f"The task {name} failed: {task.exception}",
        from_email=None,
        recipient_list=["operations@example.com"],
    )
