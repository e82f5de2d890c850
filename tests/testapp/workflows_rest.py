"""Tasks of people that are views of Django REST framework."""

from django.contrib.auth import get_user_model
from django.db import models
from rest_framework import authentication, exceptions, generics, permissions, serializers

from joeflow.models import Workflow
from joeflow.views import StartViewMixin, TaskViewMixin


class ByName(authentication.BaseAuthentication):
    """Believes everybody who says a name."""

    def authenticate(self, request):
        name = request.headers.get("Authorization")
        if not name:
            return None
        try:
            return get_user_model().objects.get(username=name), None
        except get_user_model().DoesNotExist as error:
            raise exceptions.AuthenticationFailed("Nobody has this name.") from error

    def authenticate_header(self, request):
        return "Name"


class Memo(Workflow):
    """What somebody has noted."""

    note = models.TextField(blank=True)
    seen = models.BooleanField(default=False)
    count = models.IntegerField(default=0)


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Memo
        fields = ("note", "seen")


class NotForbidden(permissions.BasePermission):
    message = "It is forbidden."

    def has_object_permission(self, request, view, obj):
        return obj.note != "Forbidden"


class StartRest(StartViewMixin, generics.CreateAPIView):
    authentication_classes = (ByName,)
    serializer_class = NoteSerializer


class CheckRest(TaskViewMixin, generics.RetrieveUpdateAPIView):
    authentication_classes = (ByName,)
    permission_classes = (NotForbidden,)
    serializer_class = NoteSerializer

    def perform_update(self, serializer):
        super().perform_update(serializer)
        if serializer.instance.note == "Too late":
            raise exceptions.ValidationError({"note": ["No."]})


class RestWorkflow(Memo):
    """A program starts, another one checks."""

    start = StartRest(permission_required="testapp.add_memo")
    check_note = CheckRest(permission_required="testapp.change_memo")

    def end(self):
        pass

    edges = [(start, check_note), (check_note, end)]

    class Meta:
        proxy = True
