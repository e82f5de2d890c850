"""Make the SVG of a renderer fit for a page that has more on it."""

from __future__ import annotations

import re
from hashlib import sha256
from xml.dom import minidom

from joeflow.diagrams.description import safe_href

__all__ = ("embed",)

_FORBIDDEN = frozenset({"script", "style", "foreignObject", "handler", "iframe"})
_REFERENCE = re.compile(r"url\(#")


def embed(svg: str, key: str = "") -> str:
    """Return a renderer's SVG as an element that can stand in an HTML page.

    XML prolog, document type and comments are left out, as is all that a content security
    policy would refuse: inline styles, scripts and addresses other than paths and web pages.

    Args:
        svg: What a renderer wrote.
        key: What tells this diagram from others on its page. Together with the content it
            makes the ids of the elements unique; the same key and content give the same ids.
    """
    # The input comes from the renderer, which quotes all names: it declares no entities.
    root = minidom.parseString(svg.encode()).documentElement  # noqa: S318
    if root is None:  # pragma: no cover  # a parsed document has a root
        return ""
    _clean(root, prefix=_prefix(key, svg))
    return root.toxml()


def _prefix(start: str, svg: str) -> str:
    digest = sha256(svg.encode()).hexdigest()[:10]
    return f"{re.sub(r'[^A-Za-z0-9-]', '-', start) or 'graph'}-{digest}-"


def _clean(element: minidom.Element, prefix: str) -> None:
    _clean_attributes(element, prefix)
    for child in list(element.childNodes):
        if isinstance(child, minidom.Comment) or _is_forbidden(child) or _is_invented(child):
            element.removeChild(child)
        elif isinstance(child, minidom.Element):
            _clean(child, prefix)


def _is_forbidden(node: minidom.Node) -> bool:
    return isinstance(node, minidom.Element) and node.tagName.split(":")[-1] in _FORBIDDEN


def _is_invented(node: minidom.Node) -> bool:
    """Tell whether it is the title, like ``%3``, of a graph to which nobody gave a name."""
    return (
        isinstance(node, minidom.Element)
        and node.tagName == "title"
        and isinstance(node.parentNode, minidom.Element)
        and node.parentNode.getAttribute("class") == "graph"
        and isinstance(node.firstChild, minidom.Text)
        and node.firstChild.data.startswith("%")
    )


def _clean_attributes(element: minidom.Element, prefix: str) -> None:
    for name, value in list(element.attributes.items()):
        kept = _clean_value(name, value, prefix)
        if kept is None:
            element.removeAttribute(name)
        else:
            element.setAttribute(name, kept)


def _clean_value(name: str, value: str, prefix: str) -> str | None:
    name = name.lower()
    if name == "style" or name.startswith("on"):
        return None
    if name.split(":")[-1] == "href":
        return safe_href(value)
    return prefix + value if name == "id" else _REFERENCE.sub(f"url(#{prefix}", value)
