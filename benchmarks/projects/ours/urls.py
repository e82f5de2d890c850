"""The pages of the form."""

from django.urls import include, path

from ours.models import Crowd, Form

urlpatterns = [path("form/", include(Form.urls())), path("crowd/", include(Crowd.urls()))]
