"""Find the URLs of a workflow, wherever a project has included them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, URLResolver, get_resolver, get_urlconf, reverse

__all__ = ("is_included", "reverse_in")


def reverse_in(namespace: str, name: str, **kwargs: Any) -> str:
    """Return the URL of a view in a namespace, which may stand inside others.

    Args:
        namespace: The workflow's own namespace.
        name: Name of the URL pattern.
        kwargs: Arguments of the pattern.

    Raises:
        NoReverseMatch: No URLconf includes the namespace, or it has no such pattern.
    """
    paths = _namespace_paths(_root()).get(namespace, ())
    for path in paths or (namespace,):
        try:
            return reverse(f"{path}:{name}", kwargs=kwargs)
        except NoReverseMatch as error:
            missing = error
    raise missing


def is_included(namespace: str) -> bool:
    """Tell whether the root URLconf includes a namespace, directly or inside others."""
    return namespace in _namespace_paths(_root())


def _root() -> str:
    return get_urlconf() or settings.ROOT_URLCONF


@lru_cache(maxsize=64)
def _namespace_paths(urlconf: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in _walk(get_resolver(urlconf), ()):
        found.setdefault(path[-1], []).append(":".join(path))
    return {name: sorted(paths, key=lambda path: path.count(":")) for name, paths in found.items()}


def _walk(resolver: URLResolver, outer: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            path = (*outer, pattern.namespace) if pattern.namespace else outer
            if pattern.namespace:
                yield path
            yield from _walk(pattern, path)
