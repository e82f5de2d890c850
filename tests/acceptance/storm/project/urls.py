"""The URLs of the project in the storm."""

from django.contrib import admin
from django.urls import include, path

from tests.acceptance.storm.project import views
from tests.acceptance.storm.weather.models import KINDS

urlpatterns = [
    path("admin/", admin.site.urls),
    path("state/", views.state),
    path("again/", views.again),
    path("start/<str:kind>/", views.start),
    path("wake/<str:kind>/<int:pk>/", views.wake),
    *[path(f"{name}/", include(kind.urls())) for name, kind in KINDS.items()],
]
