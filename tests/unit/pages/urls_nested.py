"""The pages inside another namespace."""

from django.urls import include, path

from tests.testapp.models import Purchase

inner = [path("work/", include("joeflow.urls")), path("purchase/", include(Purchase.urls()))]
urlpatterns = [path("site/", include((inner, "site")))]
