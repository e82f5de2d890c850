from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from office import views

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("mail/", views.MailView.as_view(), name="mail"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
