"""The URLs of the tests."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from tests.testapp.models import (
    Approval,
    Assigned,
    Bare,
    GreetingWorkflow,
    Guarded,
    Meeting,
    Passport,
    Purchase,
    Report,
    Sheet,
    Shipping,
    Ten,
    Voucher,
    Welcome,
)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("approval/", include(Approval.urls())),
    path("assigned/", include(Assigned.urls())),
    path("bare/", include(Bare.urls())),
    path("guarded/", include(Guarded.urls())),
    path("greeting/", include(GreetingWorkflow.urls())),
    path("voucher/", include(Voucher.urls())),
    path("purchase/", include(Purchase.urls())),
    path("meeting/", include(Meeting.urls())),
    path("passport/", include(Passport.urls())),
    path("report/", include(Report.urls())),
    path("sheet/", include(Sheet.urls())),
    path("shipping/", include(Shipping.urls())),
    path("ten/", include(Ten.urls())),
    path("welcome/", include(Welcome.urls())),
    path("work/", include("joeflow.urls")),
]

if find_spec("rest_framework") is not None:
    from tests.testapp.models import RestWorkflow

    urlpatterns.append(path("rest/", include(RestWorkflow.urls())))
