"""Sample of the guide to JSON: a middleware that tells programs to log in."""

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import JsonResponse

from joeflow.views import wants_json


class LoginMiddleware(LoginRequiredMiddleware):
    def handle_no_permission(self, request, view_func):
        if wants_json(request):
            return JsonResponse({"detail": "Log in first."}, status=401)
        return super().handle_no_permission(request, view_func)
