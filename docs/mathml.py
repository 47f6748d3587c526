"""Formulas as MathML, which browsers show without a script and without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.config import Config

SPELLED = (
    (r"\lvert", r"\left|"), (r"\rvert", r"\right|"),
    (r"\lVert", r"\left\|"), (r"\rVert", r"\right\|"),
    (r"\arg", r"\operatorname{arg}"),
)  # fmt: skip
"""TeX that the converter draws badly, and what it draws well in its place."""


def mathml(tex: str, display: str = "inline") -> str:
    """Return a formula in TeX as MathML.

    Parameters
    ----------
    tex : str
    display : {"inline", "block"}
    """
    for name, other in SPELLED:
        tex = re.sub(rf"{re.escape(name)}(?![A-Za-z])", lambda _, to=other: to, tex)
    found: str = convert(" ".join(tex.split()), display=display)
    return found


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def _styled(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(Path(__file__).with_name("_math")))


def setup(app: Sphinx) -> dict[str, bool]:
    """Give Sphinx the renderer `mathml` and its style."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("config-inited", _styled)
    app.add_css_file("mathml.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
