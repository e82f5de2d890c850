"""URLs of the project."""

from django.urls import include, path

from depot.models import Parcel, Truck

urlpatterns = [
    path("parcel/", include(Parcel.urls())),
    path("truck/", include(Truck.urls())),
]
