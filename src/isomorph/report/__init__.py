"""The report: one self-contained page, its first answers as plain text, all datasets as tables."""

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


def summarise(layout: Layout) -> list[Path]:
    """Write the tables over all datasets of a study, and return their paths."""
    from isomorph.report import across

    return across.run(layout)


def headline(judged: Judged) -> list[str]:
    """Return regions by models and a sentence for every region, as lines of plain text."""
    from isomorph.report import summary_text

    return summary_text.summary(judged)


__all__ = ["headline", "run", "summarise"]
