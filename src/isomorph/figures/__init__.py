"""Figures: one per module, each drawn from tables and arrays and callable on its own.

`run` draws all figures of a dataset; the others are in `profile`, `rdm_pair`, `overview` and
`map`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isomorph.layout import Layout


def run(layout: Layout, dataset: str) -> list[dict[str, str]]:
    """Draw every figure of a dataset; returns their list as `figures.json` holds it."""
    from isomorph.figures import _dataset  # matplotlib is imported here, not before

    return _dataset.run(layout, dataset)


__all__ = ["run"]
