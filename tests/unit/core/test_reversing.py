"""URLs of workflows, wherever a project includes them."""

import sys
from types import ModuleType

import pytest
from django.urls import include, path

from joeflow.reversing import is_included
from tests.testapp.models import Chain


@pytest.fixture
def urlconf(settings):
    """Return a function that makes these patterns the root URLconf."""
    made = []

    def make(*patterns):
        name = f"tests.urls_of_a_test_{len(made)}"
        module = ModuleType(name)
        module.urlpatterns = list(patterns)
        sys.modules[name] = module
        made.append(name)
        settings.ROOT_URLCONF = name

    yield make
    from joeflow import reversing

    reversing._namespace_paths.cache_clear()
    for name in made:
        del sys.modules[name]


def test_the_top_level(urlconf):
    urlconf(path("chain/", include(Chain.urls())))

    assert Chain(pk=7).get_absolute_url() == "/chain/7/"
    assert Chain(pk=7).get_override_url() == "/chain/7/override"


def test_inside_other_namespaces(urlconf):
    inner = ([path("chain/", include(Chain.urls()))], "inner")
    urlconf(path("shop/", include(([path("deep/", include(inner))], "outer"))))

    assert Chain(pk=7).get_absolute_url() == "/shop/deep/chain/7/"
    assert is_included("chain")


def test_inside_an_include_without_a_namespace(urlconf):
    urlconf(path("shop/", include([path("chain/", include(Chain.urls()))])))

    assert Chain(pk=7).get_absolute_url() == "/shop/chain/7/"


def test_the_shortest_way_is_taken_where_there_are_several(urlconf):
    nested = ([path("chain/", include(Chain.urls()))], "inner")
    urlconf(path("shop/", include(nested)), path("top/", include(Chain.urls())))

    assert Chain(pk=7).get_absolute_url() == "/top/7/"


def test_another_root_urlconf_is_not_confused_with_the_first(urlconf):
    urlconf(path("chain/", include(Chain.urls())))
    assert is_included("chain")

    urlconf()

    assert not is_included("chain")


def test_nowhere(urlconf):
    from django.urls import NoReverseMatch

    urlconf()

    with pytest.raises(NoReverseMatch):
        Chain(pk=7).get_absolute_url()
