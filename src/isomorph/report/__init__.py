"""The report: one self-contained page, and the five sentences that matter in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isomorph.layout import Layout
    from isomorph.report.missing import Judged


def run(layout: Layout) -> Path:
    """Write the report of a study from whatever is there of it, and return its path."""
    from isomorph.report import page

    return page.run(layout)


def headline(judged: Judged) -> list[str]:
    """Return five sentences: best layer, its rivals, training, other models, planted layers."""
    from isomorph.report import answers

    return answers.headline(judged)


__all__ = ["headline", "run"]
