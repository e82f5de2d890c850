from django.contrib import admin

from joeflow.admin import WorkflowAdmin
from onboarding.models import OnboardingWorkflow


@admin.register(OnboardingWorkflow)
class OnboardingWorkflowAdmin(WorkflowAdmin):
    list_display = ["__str__", "full_name", "account", "laptop", "buddy", "created"]
