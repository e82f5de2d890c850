"""The URLs of a small site: ``path("work/", include("joeflow.urls"))``."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from joeflow import views
from joeflow.keys import KEY_PATH

app_name = "joeflow"

urlpatterns = [
    # Relative, and so right wherever this is included.
    path("", RedirectView.as_view(url="inbox/"), name="index"),
    path("inbox/", views.InboxView.as_view(), name="inbox"),
    path("inbox/claim/", views.ClaimView.as_view(), name="claim"),
    path(f"inbox/{KEY_PATH}release/", views.ReleaseView.as_view(), name="release"),
    path(f"inbox/{KEY_PATH}assign/", views.AssignView.as_view(), name="assign"),
    path(f"inbox/{KEY_PATH}snooze/", views.SnoozeView.as_view(), name="snooze"),
    path(f"inbox/{KEY_PATH}bring-back/", views.BringBackView.as_view(), name="bring-back"),
    path("done/", views.DoneView.as_view(), name="done"),
    path("running/", views.InstancesView.as_view(), name="instances"),
    path("start/", views.StartsView.as_view(), name="starts"),
    path("openapi.json", views.OpenAPIView.as_view(), name="openapi"),
]
