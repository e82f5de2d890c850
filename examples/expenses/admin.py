from django.contrib import admin

from expenses.models import ExpenseWorkflow
from joeflow.admin import WorkflowAdmin


@admin.register(ExpenseWorkflow)
class ExpenseWorkflowAdmin(WorkflowAdmin):
    list_display = ["__str__", "claimant", "purpose", "amount", "paid", "created"]
