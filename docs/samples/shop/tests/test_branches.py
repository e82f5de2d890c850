from django.test import TestCase
from django.urls import reverse

from joeflow.testing import run
from shop.models import OrderWorkflow, ReviewWorkflow


def names(workflow):
    return list(workflow.task_set.order_by("pk").values_list("name", flat=True))


class OrderTests(TestCase):
    def test_both_branches_arrive_once(self):
        order = OrderWorkflow.start(number="A-17")

        run(order)

        self.assertEqual(order.parts, 2)
        self.assertEqual(
            names(order),
            ["start", "split", "print_invoice", "pick_goods", "join", "wants_wrapping", "send"],
        )

    def test_gift_is_wrapped_by_a_person(self):
        order = OrderWorkflow.start(number="A-17", is_gift=True)
        run(order)
        wrap = order.task_set.open().get()

        self.client.post(wrap.get_absolute_url())
        run(order)

        self.assertEqual(names(order)[-2:], ["wrap", "send"])


class ReviewTests(TestCase):
    def test_what_is_not_approved_is_corrected(self):
        self.client.post(reverse("reviewworkflow:write"), {"text": "helo"})
        text = ReviewWorkflow.objects.get()

        for data in ({}, {"text": "hello"}, {"approved": "on"}):
            self.client.post(text.task_set.open().get().get_absolute_url(), data)
            run(text)

        self.assertEqual(
            names(text),
            ["write", "review", "is_approved", "correct", "review", "is_approved", "publish"],
        )
