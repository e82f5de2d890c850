"""The pages of the form, and the admin."""

from django.contrib import admin
from django.urls import include, path
from ours.models import Chain, Form

from joeflow.admin import WorkflowAdmin

admin.site.register([Chain, Form], WorkflowAdmin)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("chain/", include(Chain.urls())),
    path("form/", include(Form.urls())),
]
