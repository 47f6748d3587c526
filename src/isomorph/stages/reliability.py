"""The reliability table of a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.artefacts import artefact_kind, read_array, read_responses, write_table
from isomorph.catalogue import TABLES
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.responses.division import recordings_of
from isomorph.responses.reliability import rdm_rows, unit_rows
from isomorph.responses.split_halves import SPLITS
from isomorph.responses.times import EDGES
from isomorph.saying import say


def run(layout: Layout, dataset: str) -> None:
    """Write the reliability table of a dataset.

    One row per unit, one per region and session with the mean over its units (`unit` empty);
    for ready RDMs one row per region.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When responses are missing or not what the study now says, or the units per region differ
        from those expected.
    """
    require(layout, "reliability", dataset)
    spec = layout.study.dataset(dataset)
    seed = layout.study.spec.inference.seed
    rows: list[dict[str, Any]] = []
    for number, subject in enumerate(spec.subjects):
        file = layout.responses(dataset, subject)
        if artefact_kind(file) == "rdms":
            rows += rdm_rows(read_array(file, "rdms"), subject)
        else:
            recorded = recordings_of(read_responses(file), spec.responses)
            for order, (session, data) in enumerate(recorded.items()):
                rng = np.random.default_rng([seed, number, order])
                rows += unit_rows(data, subject, session, rng)
        say(f"reliability {dataset} {subject}: done")
    table = pd.DataFrame(rows)
    first = list(TABLES["reliability"])
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    edges = table[list(EDGES)]
    once = table[(table["unit"] != "") & (edges.eq(edges.iloc[0]) | edges.isna()).all(axis=1)]
    counts = once["region"].value_counts()
    regions = {*spec.expected.units, *map(str, counts.index)}
    check_expected(layout, dataset, {f"units.{name}": int(counts.get(name, 0)) for name in regions})
    signed = stamp(layout, "reliability", dataset, seed=seed, noted={"splits": SPLITS})
    write_table(layout.reliability(dataset), table, "reliability", signed)
