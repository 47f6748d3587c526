"""How the documentation is built: `make docs`, without warnings and without a network."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

project = "isomorph"
author = copyright = "the isomorph developers"
release = importlib.metadata.version("isomorph")
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"isomorph {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sphinx = False
html_copy_source = False
copybutton_selector = "div:not(.highlight-output):not(.highlight-text) > div.highlight > pre"
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
