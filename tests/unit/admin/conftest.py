"""People and workflows of the admin's tests."""

import itertools
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType

from joeflow.exceptions import InstanceLocked
from joeflow.models import Task, Workflow
from tests.testapp.models import Loan

_numbers = itertools.count()


@pytest.fixture
def staff(client):
    """Return a function that logs somebody in who has these permissions alone."""

    def log_in(*permissions, **values):
        user = User.objects.create(username=f"clerk{next(_numbers)}", is_staff=True, **values)
        for permission in permissions:
            app_label, codename = permission.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app_label, codename=codename)
            )
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def boss(staff):
    """Return the client of somebody who may do everything."""
    return staff(is_superuser=True, first_name="Boss")


@pytest.fixture
def loan(db):
    """Return an instance without tasks."""
    return Loan.objects.create(borrower="Ada")


@pytest.fixture
def make_task(db):
    """Return a function that makes a task, by default a failed one of an instance of its own."""

    def make(workflow=None, **values):
        workflow = workflow or Loan.objects.create(borrower="Ada")
        content_type = ContentType.objects.get_for_model(workflow, for_concrete_model=False)
        values = {
            "name": "fetch",
            "type": "machine",
            "status": Task.FAILED,
            "_workflow_id": workflow.pk,
            "content_type": content_type,
            **values,
        }
        return Task.objects.create(**values)

    return make


@pytest.fixture
def busy(monkeypatch):
    """Return a block in which the instances with these keys are locked by somebody else."""
    from joeflow import transitions, workflows

    @contextmanager
    def lock(*workflow_pks):
        def refuse(workflow_pk, using, *, wait):
            asked.append(wait)
            if workflow_pk in workflow_pks:
                raise InstanceLocked
            return real(workflow_pk, using, wait=wait)

        asked = []
        real = transitions.lock_instance
        with monkeypatch.context() as patch:
            patch.setattr(transitions, "lock_instance", refuse)
            patch.setattr(workflows, "lock_instance", refuse)
            yield asked

    return lock


@pytest.fixture
def ended():
    """Return a function that says when an instance ended."""
    return lambda workflow: Workflow.objects.get(pk=workflow.pk)._ended
