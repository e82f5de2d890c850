from django.urls import include, path

from drawn import models

urlpatterns = [
    path("form/", include(models.Form.urls())),
    path("split/", include(models.Split.urls())),
    path("loop/", include(models.Loop.urls())),
    path("words/", include(models.Words.urls())),
]
