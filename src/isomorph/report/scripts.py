"""The scripts of the page: small files, put together in one scope."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

SCRIPTS = (
    "data",
    "view",
    "draw",
    "pdf_text",
    "pdf_path",
    "pdf",
    "downloads",
    "page",
    "folds",
    "tables",
    "files",
    "look",
    "pointing",
    "parts",
    "explored",
    "finding",
    "profile",
    "layers_in_time",
    "courses",
    "measured",
    "explorer",
    "matrix",
    "ramps",
    "rdms",
    "arrange",
    "mds",
    "squares",
    "scatter",
    "planes",
    "cells",
    "controls",
    "thirds",
    "viewer",
)
"""In the order in which they need each other: files `assets/<name>.js`."""


def scripts() -> Markup:
    """Return all scripts as the text of one `<script>`."""
    folder = files("isomorph.report") / "assets"
    parts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return Markup("\n".join(['"use strict";', "(() => {", *parts, "})();"]))
