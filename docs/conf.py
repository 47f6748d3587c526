"""How the documentation is built: `make docs`, without warnings and without a network."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

project = "isomorph"
author = "the isomorph developers"
release = importlib.metadata.version("isomorph")
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "mathml"]
exclude_patterns = ["_build", "generated/checked", "generated/figures", "generated/gallery"]
html_math_renderer = "mathml"
html_theme = "alabaster"
html_theme_options = {"description": "second-order isomorphism, from archives to inference"}
html_show_sphinx = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 2
numpydoc_show_class_members = False
autosummary_generate = True
templates_path = ["_templates"]
default_role = "code"
nitpicky = False

generate.write(Path(__file__).parent / "generated")
