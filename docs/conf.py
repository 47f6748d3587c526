"""How the documentation is built: `make docs`, without warnings and without a network."""

import importlib.metadata
from pathlib import Path

from isomorph.catalogue import ARRAYS, CATALOGUE
from isomorph.catalogue.dictionary import markdown
from isomorph.measures import MEASURES
from isomorph.report import described

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

GENERATED = Path(__file__).parent / "generated"
GENERATED.mkdir(exist_ok=True)
for name, page in (
    ("data", markdown(CATALOGUE.values(), ARRAYS)),
    ("measures", described.markdown(MEASURES.own.values())),
):
    (GENERATED / f"{name}.md").write_text(page, encoding="utf-8")
