"""How the documentation is built: `make docs`, without warnings and without a network."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

project = "isomorph"
author = "the isomorph developers"
release = importlib.metadata.version("isomorph")
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "second-order isomorphism, from archives to inference"}
html_show_sphinx = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 2
numpydoc_show_class_members = False
autosummary_generate = True
nitpicky = False

# Of the pages that are made: formulas, parts that other pages include, members of classes.
extensions += ["mathml"]
html_math_renderer = "mathml"
myst_enable_extensions += ["dollarmath"]
exclude_patterns += ["generated/checked", "generated/figures", "generated/gallery"]
templates_path = ["_templates"]
default_role = "code"
generate.write(Path(__file__).parent / "generated")
