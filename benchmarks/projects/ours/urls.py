"""The pages of the form."""

from django.urls import include, path

from ours.models import Form

urlpatterns = [path("form/", include(Form.urls()))]
