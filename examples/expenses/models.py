"""Claim expenses: small ones are paid at once, others are reviewed by somebody else, in time."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import send_mail
from django.core.validators import MinValueValidator
from django.db import models

from expenses.people import REVIEW, heads, reviewers
from expenses.views import ClaimView, CorrectView, ReviewView
from joeflow.models import Workflow

#: Up to this amount nobody is asked.
PAID_AT_ONCE = Decimal(50)
#: From this amount on, somebody else decides where the reviewers have not done so in time.
HEAD_DECIDES_FROM = Decimal(1000)
REVIEW_WITHIN = timedelta(days=3)


class Expense(Workflow):
    """What somebody has spent, and what became of it: the state."""

    class Decision(models.TextChoices):
        APPROVE = "approve", "Pay it"
        CORRECT = "correct", "Ask for corrections"
        REJECT = "reject", "Do not pay it"

    claimant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="expenses", editable=False
    )
    purpose = models.CharField(max_length=200)
    amount = models.DecimalField(
        max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    decision = models.CharField(max_length=10, choices=Decision.choices)
    remark = models.TextField(blank=True)
    paid = models.BooleanField(default=False, editable=False)

    class Meta:
        permissions = [("review_expense", "Can review expense claims of others")]

    def __str__(self):
        return f"{self.purpose} ({self.amount})"


class ExpenseWorkflow(Expense):
    """Pay what somebody has spent, after a review by somebody else."""

    rankdir = "TB"

    claim = ClaimView(fields=["purpose", "amount"])

    def needs_review(self):
        """Choose one of two ways: an exclusive gateway."""
        return [self.pay] if self.amount <= PAID_AT_ONCE else [self.request_review]

    def request_review(self):
        """Forget what was decided before the corrections."""
        self.decision = ""
        self.save(update_fields=["decision"])

    # For all reviewers, until one of them takes it.
    review = ReviewView(
        fields=["decision", "remark"],
        permission_required=REVIEW,
        assign=reviewers,
        due=REVIEW_WITHIN,
        remind=REVIEW_WITHIN - timedelta(seconds=settings.EXPENSES_REMIND_AFTER),
        overdue="escalate",
    )

    def escalate(self):
        """Leave the late review as it is, or let somebody else decide instead."""
        if self.amount >= HEAD_DECIDES_FROM:
            return [self.review_by_head]
        self._mail(
            [user.email for user in heads(self)],
            f"The claim of {self.claimant} is late",
            f"{self.purpose}: {self.amount}. Nobody has decided so far.",
        )
        return None

    review_by_head = ReviewView(fields=["decision", "remark"], assign=heads)

    def decide(self):
        return {
            self.Decision.APPROVE: [self.pay],
            self.Decision.CORRECT: [self.correct],
            self.Decision.REJECT: [self.reject],
        }[self.decision]

    correct = CorrectView(fields=["purpose", "amount"], assign=lambda expense: expense.claimant)

    def pay(self):
        self.paid = True
        self.save(update_fields=["paid"])
        self._mail(
            [self.claimant.email],
            "Your expenses are paid",
            f"{self.amount} for {self.purpose} is on its way to you.",
        )

    def reject(self):
        self._mail(
            [self.claimant.email],
            "Your expenses are not paid",
            f"{self.amount} for {self.purpose} was not approved. {self.remark}",
        )

    edges = [
        (claim, needs_review),
        (needs_review, pay),
        (needs_review, request_review),
        (request_review, review),
        (escalate, review_by_head),
        (review, decide),
        (review_by_head, decide),
        (decide, pay),
        (decide, correct),
        (decide, reject),
        (correct, needs_review),
    ]

    class Meta:
        proxy = True
        verbose_name = "expense claim"
        verbose_name_plural = "expense claims"

    def _mail(self, to, subject, text):
        send_mail(subject, text, from_email=None, recipient_list=to)
