"""How the documentation is built: `make docs`, without warnings and without a network."""

import importlib.metadata
from pathlib import Path

from isomorph.catalogue import ARRAYS, CATALOGUE
from isomorph.catalogue.dictionary import markdown
from isomorph.measures import MEASURES
from isomorph.report import described

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

GENERATED = Path(__file__).parent / "generated"
GENERATED.mkdir(exist_ok=True)
for name, page in (
    ("data", markdown(CATALOGUE.values(), ARRAYS)),
    ("measures", described.markdown(MEASURES.own.values())),
):
    (GENERATED / f"{name}.md").write_text(page, encoding="utf-8")
