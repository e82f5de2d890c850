from django.contrib import admin

from joeflow.admin import WorkflowAdmin
from shop.models import ShippingWorkflow


@admin.register(ShippingWorkflow)
class ShippingWorkflowAdmin(WorkflowAdmin):
    list_display = ("__str__", "created", "shipping_address")
