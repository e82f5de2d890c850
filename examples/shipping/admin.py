from django.contrib import admin

from joeflow.admin import WorkflowAdmin
from shipping.models import ShippingWorkflow


@admin.register(ShippingWorkflow)
class ShippingWorkflowAdmin(WorkflowAdmin):
    list_display = ["__str__", "shipping_address", "email", "tracking_code", "created"]
