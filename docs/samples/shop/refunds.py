"""Sample of the guide to programs: tasks as views of Django REST framework."""

from django.db import models
from rest_framework import generics, serializers
from rest_framework.authentication import SessionAuthentication, TokenAuthentication

from joeflow.models import Workflow
from joeflow.views import StartViewMixin, TaskViewMixin, WorkflowDetailView


class Refund(Workflow):
    """The state."""

    number = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    approved = models.BooleanField(default=False)
    remark = models.TextField(blank=True)


class NewRefund(serializers.ModelSerializer):
    class Meta:
        model = Refund
        fields = ("id", "number", "amount")


class Approval(serializers.ModelSerializer):
    class Meta:
        model = Refund
        fields = ("number", "amount", "approved", "remark")
        read_only_fields = ("number", "amount")

    def validate(self, values):
        if not values.get("approved") and not values.get("remark"):
            raise serializers.ValidationError({"remark": "Say why not."})
        return values


class SubmitView(StartViewMixin, generics.CreateAPIView):
    authentication_classes = (TokenAuthentication,)
    serializer_class = NewRefund


class ApproveView(TaskViewMixin, generics.RetrieveUpdateAPIView):
    authentication_classes = (TokenAuthentication, SessionAuthentication)
    serializer_class = Approval


class RefundDetailView(WorkflowDetailView):
    def get_description(self):
        return {**super().get_description(), "approved": self.object.approved}


class RefundWorkflow(Refund):
    detail_view = RefundDetailView

    submit = SubmitView(permission_required="shop.add_refund")
    approve = ApproveView(permission_required="shop.change_refund")

    def is_approved(self):
        return [self.pay] if self.approved else [self.send_back]

    def pay(self):
        """Tell the bank."""

    def send_back(self):
        """Tell who has sent it."""

    edges = [
        (submit, approve),
        (approve, is_approved),
        (is_approved, pay),
        (is_approved, send_back),
    ]

    class Meta:
        proxy = True
