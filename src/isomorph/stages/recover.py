"""The stage `recover`: which layers are found again in data simulated from them."""

from __future__ import annotations

from isomorph.inference.trust import not_recovered, recovery_tables
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.stages.common import analysis_of, followed, write_tables

OFF = "inference.recovery.simulations is 0"


def run(layout: Layout, dataset: str) -> None:
    """Simulate data like a dataset's from its candidate layers, and see which are found again.

    Writes `confusion.csv` and `power.csv`.

    Parameters
    ----------
    layout : Layout
    dataset : str

    Raises
    ------
    IsomorphError
        When a file is missing or not what the study now says.
    """
    require(layout, "recover", dataset)
    inference = layout.study.spec.inference
    analysis = analysis_of(layout, dataset, "recover")
    tables = recovery_tables(analysis)
    left_out = not_recovered(analysis) if inference.recovery.simulations else OFF
    noted = followed(analysis) | ({"not_simulated": left_out} if left_out else {})
    signed = stamp(layout, "recover", dataset, seed=inference.seed, noted=noted)
    write_tables(layout, dataset, tables, signed)
