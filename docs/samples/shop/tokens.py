"""Sample of the guide to programs: log in with a token."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.http import JsonResponse
from django.utils.crypto import constant_time_compare


class Token(models.Model):
    """Lets a program act for a user. Nobody can read the secret from the database."""

    name = models.CharField(max_length=32, unique=True)
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def __str__(self):
        return self.name

    @classmethod
    def issue(cls, user):
        """Return a new token; it cannot be shown again."""
        name, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        cls.objects.create(name=name, digest=make_digest(secret), user=user)
        return f"{name}.{secret}"

    @classmethod
    def find_user(cls, sent):
        """Return whose token it is; None for a wrong one, and for who is not active any more."""
        name, _, secret = sent.partition(".")
        token = cls.objects.select_related("user").filter(name=name).first()
        digest = token.digest if token else ""
        if constant_time_compare(digest, make_digest(secret)) and token.user.is_active:
            return token.user
        return None


def make_digest(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def token_middleware(get_response):
    """Log in whoever sends a token, for this one request."""

    def middleware(request):
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            user = Token.find_user(sent.strip())
            if user is None:
                return JsonResponse({"detail": "This token is not valid."}, status=401)
            request.user = user
            # No browser sends this header by itself, so no other site can have made it.
            request._dont_enforce_csrf_checks = True
        return get_response(request)

    return middleware
