"""The admin of the tests' workflows."""

from django.contrib import admin

from joeflow.admin import WorkflowAdmin
from tests.testapp.models import Letter, Loan, Parcel, ParcelState, RegisteredLetter

admin.site.register([Letter, Parcel, ParcelState, RegisteredLetter], WorkflowAdmin)


@admin.register(Loan)
class LoanAdmin(WorkflowAdmin):
    list_display = ("id", "borrower", "urgent")
    list_editable = ("urgent",)
