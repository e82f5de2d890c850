"""URLs of the samples."""

from django.contrib import admin
from django.urls import include, path

from shop import diagrams, pages
from shop.expenses import InboxView, TakeView
from shop.models import (
    ContractWorkflow,
    EquipmentRequest,
    ExpenseWorkflow,
    HolidayRequest,
    InvoiceWorkflow,
    LoanWorkflow,
    OrderWorkflow,
    QuietWorkflow,
    RefundWorkflow,
    ReviewWorkflow,
    ShippingWorkflow,
)
from shop.openapi import ShopOpenAPIView
from shop.waiting import payment_webhook

urlpatterns = [
    path("admin/", admin.site.urls),
    path("inbox/", InboxView.as_view(), name="inbox"),
    path("desk/", pages.DeskView.as_view(), name="desk"),
    path("work/", include("joeflow.urls")),
    path("inbox/<int:pk>/take/", TakeView.as_view(), name="take"),
    path("paid/", payment_webhook, name="paid"),
    path("shipping/<int:pk>/pdf/", diagrams.as_pdf, name="pdf"),
    path("shipping/<int:pk>/mermaid/", diagrams.as_mermaid, name="mermaid"),
    path("contracts/", include(ContractWorkflow.urls())),
    path("equipment/", include(EquipmentRequest.urls())),
    path("expenses/", include(ExpenseWorkflow.urls())),
    path("holidays/", include(HolidayRequest.urls())),
    path("invoices/", include(InvoiceWorkflow.urls())),
    path("loans/", include(LoanWorkflow.urls())),
    path("openapi.json", ShopOpenAPIView.as_view(), name="openapi"),
    path("orders/", include(OrderWorkflow.urls())),
    path("questions/", include(QuietWorkflow.urls())),
    path("refunds/", include(RefundWorkflow.urls())),
    path("reviews/", include(ReviewWorkflow.urls())),
    path("shipping/", include(ShippingWorkflow.urls())),
]
