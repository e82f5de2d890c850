"""What stands before all views."""

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import JsonResponse

from joeflow.views import wants_json


class LoginMiddleware(LoginRequiredMiddleware):
    """Sends people to the login page, and tells programs that they have to log in."""

    def handle_no_permission(self, request, view_func):
        if wants_json(request):
            return JsonResponse({"detail": "Log in first."}, status=401)
        return super().handle_no_permission(request, view_func)
