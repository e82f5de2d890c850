"""The tasks of people that need more than a form."""

from joeflow import tasks


class ClaimView(tasks.StartView):
    """A claim belongs to whoever makes it."""

    def form_valid(self, form):
        form.instance.claimant = self.request.user
        return super().form_valid(form)


class CorrectView(tasks.MailMixin, tasks.UpdateView):
    """Whoever has to correct a claim gets a mail, with a link to the form."""


class ReviewView(tasks.MailMixin, tasks.UpdateView):
    """Reviewers get a mail. Nobody reviews a claim of their own, whatever they may do besides."""

    def has_access(self):
        return super().has_access() and self.get_object().claimant != self.request.user
