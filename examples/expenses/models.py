"""Claim expenses: small ones are paid at once, others are reviewed by somebody else."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import send_mail
from django.core.validators import MinValueValidator
from django.db import models

from expenses.people import REVIEW, reviewers
from expenses.views import ClaimView, ReviewView
from joeflow import tasks
from joeflow.models import Workflow

#: Up to this amount nobody is asked.
PAID_AT_ONCE = Decimal(50)


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


class ExpenseWorkflow(Expense):
    """Pay what somebody has spent, after a review by somebody else."""

    rankdir = "TB"

    claim = ClaimView(fields=["purpose", "amount"])

    def needs_review(self):
        """Choose one of two ways: an exclusive gateway."""
        return [self.pay] if self.amount <= PAID_AT_ONCE else [self.request_review]

    def request_review(self):
        """Go on with all that follows: the review, and beside it the reminder."""
        self.decision = ""
        self.save(update_fields=["decision"])

    review = ReviewView(fields=["decision", "remark"], permission_required=REVIEW, assign=reviewers)

    wait = tasks.Wait(timedelta(seconds=settings.EXPENSES_REMIND_AFTER))

    def remind(self):
        # Somebody may have decided a moment ago.
        if self.task_set.open().filter(name="review").exists():
            self._mail(
                [user.email for user in reviewers(self) if user.email],
                f"Please look at the claim of {self.claimant}",
                f"{self.purpose}: {self.amount}. Others wait for your decision.",
            )

    def stop_reminder(self):
        """End the other branch, so that the whole process ends with this one."""
        self.task_set.open().filter(name__in=["wait", "remind"]).cancel()

    def decide(self):
        return {
            self.Decision.APPROVE: [self.pay],
            self.Decision.CORRECT: [self.correct],
            self.Decision.REJECT: [self.reject],
        }[self.decision]

    correct = tasks.UpdateView(
        fields=["purpose", "amount"], assign=lambda expense: expense.claimant
    )

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
        (request_review, wait),
        (wait, remind),
        (review, stop_reminder),
        (stop_reminder, decide),
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
