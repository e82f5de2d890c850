"""Samples of the guide to diagrams."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from shop.shipping import ShippingWorkflow


def as_pdf(request, pk):
    shipment = get_object_or_404(ShippingWorkflow, pk=pk)
    pdf = shipment.get_instance_graph_svg(output_format="pdf")
    return HttpResponse(pdf, content_type="application/pdf")


def as_mermaid(request, pk):
    shipment = get_object_or_404(ShippingWorkflow, pk=pk)
    return HttpResponse(shipment.get_instance_graph_mermaid(), content_type="text/plain")
