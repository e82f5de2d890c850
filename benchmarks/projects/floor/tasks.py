"""Lock a row, update it, insert the next, commit, publish: nothing can be left out of that."""

from celery import shared_task
from django.db import connection, transaction

LENGTH = 10

LOCK = "SELECT instance_id, position FROM floor_step WHERE id = %s AND completed IS NULL FOR UPDATE"
COMPLETE = "UPDATE floor_step SET completed = clock_timestamp() WHERE id = %s"
NEXT = "INSERT INTO floor_step (instance_id, position) VALUES (%s, %s) RETURNING id"


def transit(pk, length=LENGTH):
    """Complete a step, and return the key of the next one; None at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [pk])
        instance, position = cursor.fetchone()
        cursor.execute(COMPLETE, [pk])
        if position + 1 == length:
            return None
        cursor.execute(NEXT, [instance, position + 1])
        return cursor.fetchone()[0]


@shared_task(acks_late=True)
def step(pk):
    """Take a step: one message each."""
    following = transit(pk)
    if following is not None:
        step.delay(following)


@shared_task(acks_late=True)
def all_steps(pk):
    """Take all steps, with the same transactions, for one message."""
    while pk is not None:
        pk = transit(pk)


@shared_task(acks_late=True)
def after_form(pk):
    """Do what follows a form."""
    transit(pk, length=2)
