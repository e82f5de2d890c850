"""The tasks of people that need more than a form: who may do them, and whose they are."""

from django.contrib.auth.mixins import PermissionRequiredMixin, UserPassesTestMixin

from expenses.people import REVIEW, reviewers
from joeflow import tasks


class ClaimView(tasks.StartView):
    """A claim belongs to whoever makes it."""

    def form_valid(self, form):
        form.instance.claimant = self.request.user
        return super().form_valid(form)


class ReviewView(PermissionRequiredMixin, tasks.UpdateView):
    """Assigned to those who may review; nobody reviews a claim of their own."""

    permission_required = REVIEW

    def has_permission(self):
        return super().has_permission() and self.get_object().claimant != self.request.user

    def create_task(self, workflow, prev_task):
        task = super().create_task(workflow, prev_task)
        task.assignees.set(reviewers(workflow))
        return task


class CorrectionView(UserPassesTestMixin, tasks.UpdateView):
    """Assigned to whoever made the claim, and done by nobody else."""

    def test_func(self):
        return self.get_object().claimant == self.request.user

    def create_task(self, workflow, prev_task):
        task = super().create_task(workflow, prev_task)
        task.assignees.add(workflow.claimant)
        return task
