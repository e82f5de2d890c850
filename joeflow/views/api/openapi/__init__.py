"""The OpenAPI document of a project's workflows."""

from joeflow.views.api.openapi.document import OpenAPIView, build_document

__all__ = ("OpenAPIView", "build_document")
