"""The URLs of a workflow without the pages."""

from django.urls import include, path

from tests.testapp.models import Purchase

urlpatterns = [path("purchase/", include(Purchase.urls()))]
