"""Who may decide on expense claims."""

from django.contrib.auth import get_user_model

APPROVE = "expenses.approve_expense"


def approvers(expense):
    """Return those who may approve a claim: never the claimant."""
    users = get_user_model().objects.with_perm(
        APPROVE, backend="django.contrib.auth.backends.ModelBackend", include_superusers=False
    )
    return users.exclude(pk=expense.claimant_id)
