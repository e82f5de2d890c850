from datetime import timedelta

from django.core import mail
from django.test import TestCase

from joeflow.models import Task
from joeflow.testing import let_pass, run
from shop.models import LoanWorkflow


class LoanTests(TestCase):
    def open_names(self, loan):
        return list(loan.task_set.open().values_list("name", flat=True))

    def test_big_loans_go_to_the_board_after_three_days(self):
        loan = LoanWorkflow.start(amount=5000)

        let_pass(loan, timedelta(days=4))
        run(loan)

        self.assertEqual(self.open_names(loan), ["decide_by_board"])

    def test_small_loans_stay_and_somebody_is_told(self):
        loan = LoanWorkflow.start(amount=500)

        let_pass(loan, timedelta(days=4))
        run(loan)

        self.assertEqual(self.open_names(loan), ["decide"])
        self.assertEqual(list(Task.objects.overdue()), [loan.task_set.get(name="decide")])
        self.assertEqual(len(mail.outbox), 1)
