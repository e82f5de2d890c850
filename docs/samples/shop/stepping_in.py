"""Samples of the guide to stepping in."""

from joeflow.exceptions import UndoRefused
from shop.models import ShippingWorkflow


def describe_shortcut(shipment):
    plan = shipment.plan_override([ShippingWorkflow.end])
    canceled = ", ".join(task.name for task in plan.canceled) or "nothing"
    return f"cancels {canceled}, starts {', '.join(plan.started)}, leaves {', '.join(plan.left)}"


def close_old_ones(user):
    old = ShippingWorkflow.objects.filter(created__year__lt=2026)
    outcome = old.override(["end"], by=user, reason="The old carrier is gone.")
    for pk, error in outcome.refused.items():
        print(f"Shipment {pk} is as it was: {error}")
    return outcome.count


def take_back(task, user):
    try:
        task.undo(by=user)
    except UndoRefused as refusal:
        return f"Too late: {refusal}"
    return "It is open again."


def stop_for_the_holidays(user):
    return ShippingWorkflow.objects.not_paused().pause(by=user, reason="Merry Christmas!")


def go_on(user):
    return ShippingWorkflow.objects.paused().resume(by=user)
