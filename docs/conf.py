"""Configuration of Sphinx. Nothing is fetched from the network."""

import os
import sys
from pathlib import Path

import django

DOCS = Path(__file__).resolve().parent
# The samples are a small Django project of their own; the reference is read from the code.
sys.path[:0] = [str(DOCS.parent), str(DOCS / "samples")]
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

import joeflow  # noqa: E402 - importable only now

project = "joeflow"
author = "joeflow contributors"
copyright = author
version = release = joeflow.__version__
language = "en"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "samples"]
default_role = "py:obj"
# A name in single backticks that leads nowhere fails the build, unless it is not ours.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!joeflow\.).*"),
    ("py:class", r"joeflow\..*"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"joeflow {release}"
html_copy_source = False
