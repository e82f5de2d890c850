"""Samples of the guide to branches."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class OrderWorkflow(Workflow):
    number = models.TextField()
    is_gift = models.BooleanField(default=False)
    parts = models.PositiveIntegerField(default=0)

    start = tasks.Start()

    def split(self):
        """Returns nothing: both edges are followed."""

    def print_invoice(self):
        self.parts += 1
        self.save(update_fields=["parts"])

    def pick_goods(self):
        self.parts += 1
        self.save(update_fields=["parts"])

    join = tasks.Join("print_invoice", "pick_goods")

    def wants_wrapping(self):
        return [self.wrap] if self.is_gift else [self.send]

    wrap = tasks.UpdateView(fields=[])

    def send(self):
        pass

    edges = [
        (start, split),
        (split, print_invoice),
        (split, pick_goods),
        (print_invoice, join),
        (pick_goods, join),
        (join, wants_wrapping),
        (wants_wrapping, wrap),
        (wants_wrapping, send),
        (wrap, send),
    ]


class ReviewWorkflow(Workflow):
    text = models.TextField()
    approved = models.BooleanField(default=False)

    write = tasks.StartView(fields=["text"])
    review = tasks.UpdateView(fields=["approved"])

    def is_approved(self):
        return [self.publish] if self.approved else [self.correct]

    correct = tasks.UpdateView(fields=["text"])

    def publish(self):
        pass

    edges = [
        (write, review),
        (review, is_approved),
        (is_approved, publish),
        (is_approved, correct),
        (correct, review),
    ]
