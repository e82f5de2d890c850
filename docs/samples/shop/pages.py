"""Samples of the guide to the pages for people."""

from joeflow.views import InboxView
from shop.models import ExpenseWorkflow


class DeskView(InboxView):
    """An inbox for expenses alone, with a template of its own."""

    template_name = "shop/desk.html"
    paginate_by = 50

    def get_workflows(self):
        return [ExpenseWorkflow]

    def get_search_fields(self, workflow):
        return ["reference", "claimant__last_name"]
