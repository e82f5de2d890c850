"""The URLs of the demo: its own pages, the admin, and those of each workflow."""

from django.contrib import admin
from django.urls import include, path
from expenses.models import ExpenseWorkflow
from onboarding.models import OnboardingWorkflow
from shipping.models import ShippingWorkflow
from welcome.models import WelcomeWorkflow

urlpatterns = [
    path("", include("office.urls")),
    path("admin/", admin.site.urls),
    path("work/", include("joeflow.urls")),
    path("shipping/", include(ShippingWorkflow.urls())),
    path("welcome/", include(WelcomeWorkflow.urls())),
    path("expenses/", include(ExpenseWorkflow.urls())),
    path("onboarding/", include(OnboardingWorkflow.urls())),
]
