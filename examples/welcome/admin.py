from django.contrib import admin

from joeflow.admin import WorkflowAdmin
from welcome.models import WelcomeWorkflow


@admin.register(WelcomeWorkflow)
class WelcomeWorkflowAdmin(WorkflowAdmin):
    list_display = ["__str__", "user", "created"]
