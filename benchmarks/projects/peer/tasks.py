"""A job on Celery: its package leaves that to each project."""

from celery import shared_task
from viewflow.workflow.models import Task


@shared_task(acks_late=True)
def run_job(task_pk):
    """Start the job, and complete it: a transaction each, as its activation is made for."""
    task = Task.objects.get(pk=task_pk)
    flow_class = task.flow_task.flow_class
    with flow_class.lock(task.process_id):
        task.refresh_from_db()
        activation = task.flow_task.activation_class(task)
        activation.start()
    with flow_class.lock(task.process_id):
        activation.execute()
