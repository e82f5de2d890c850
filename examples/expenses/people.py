"""Who may decide on expense claims."""

from django.contrib.auth import get_user_model

REVIEW = "expenses.review_expense"


def reviewers(expense):
    """Return those who may review a claim: never the claimant."""
    users = get_user_model().objects.with_perm(
        REVIEW, backend="django.contrib.auth.backends.ModelBackend", include_superusers=False
    )
    return users.exclude(pk=expense.claimant_id)


def heads(expense):
    """Return those who decide where the reviewers have not done so in time."""
    users = get_user_model().objects.filter(is_superuser=True, is_active=True)
    return users.exclude(pk=expense.claimant_id)
