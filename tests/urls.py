"""The URLs of the tests."""

from django.contrib import admin
from django.urls import include, path

from tests.testapp.models import GreetingWorkflow

urlpatterns = [
    path("admin/", admin.site.urls),
    path("greeting/", include(GreetingWorkflow.urls())),
]
