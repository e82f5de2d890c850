from django.urls import path

from office import views

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("mail/", views.MailView.as_view(), name="mail"),
]
