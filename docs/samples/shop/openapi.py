"""Sample of the guide to programs: say in the document how programs log in."""

from joeflow.views import OpenAPIView


class ShopOpenAPIView(OpenAPIView):
    title = "The shop"
    version = "2026-11"

    def get_document(self):
        document = super().get_document()
        schemes = document["components"]["securitySchemes"]
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        for operations in document["paths"].values():
            for method, operation in operations.items():
                if method != "parameters":
                    operation["security"].append({"token": []})
        return document
