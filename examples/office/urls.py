from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from office import views

# Pages that name no icon, like those of the admin, are asked for this one.
icon = login_not_required(RedirectView.as_view(url=settings.STATIC_URL + "office/icon.svg"))

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("mail/", views.MailView.as_view(), name="mail"),
    path("login/", views.EasyLoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("favicon.ico", icon),
]
