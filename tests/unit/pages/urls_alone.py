"""The pages without the URLs of any workflow."""

from django.urls import include, path

urlpatterns = [path("work/", include("joeflow.urls"))]
