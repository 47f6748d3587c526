"""What the page says of all datasets together, and how any of its numbers is made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from isomorph.figures.titles import (
    CORRECTIONS,
)
from isomorph.inference.families import by_p_alone
from isomorph.layout import Layout
from isomorph.making import command_of, job_of
from isomorph.report import across_words
from isomorph.report.across import commands
from isomorph.report.areas import areas_of
from isomorph.report.common_stimuli import shared
from isomorph.report.evidence import Illustrated
from isomorph.report.summary import Matrix


def over_datasets(
    layout: Layout, found: Sequence[Illustrated], whole: Matrix | None
) -> dict[str, Any]:
    """Return what is said of all datasets together, and how any number is made again."""
    measured = [one for one in found if not one.simulated]
    areas = areas_of(layout.study, measured, shared(layout)) if measured else pd.DataFrame()
    files = {name: layout.path(name) for name in ("summary", "areas")}
    inference = layout.study.spec.inference
    said = across_words.sentences(areas, whole, measured[0]) if whole else []
    return {
        "title": "Over datasets" if said else "Every number again",
        "said": said,
        "tables": across_words.tables(areas, measured[0]) if measured else [],
        "correction": CORRECTIONS[by_p_alone(inference.correction)],
        "commands": commands(layout),
        "command": command_of(layout, job_of(layout.study, "summarise")),
        "files": [(file.name, file.name) for file in files.values() if file.is_file()],
    }
