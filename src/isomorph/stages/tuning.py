"""The stage `tuning`: how units are tuned to the variables that stimuli are bins of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isomorph.archives.asked import refuse_absent_of
from isomorph.archives.manifest import check_unchanged, read_manifest
from isomorph.errors import IsomorphError
from isomorph.inference.families import LEVEL, Hypotheses, answered
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.numerals import percent
from isomorph.responses.nwb.recordings import session_names
from isomorph.responses.rates.subject import sessions_of, table_of
from isomorph.responses.rates.tuning import Tuning, tuning_of
from isomorph.saying import say
from isomorph.stages.common import write_tables
from isomorph.stages.datasets import names_of
from isomorph.stages.of_subject import files_of_subject
from isomorph.study.responses import RateResponses

OF_REGION = ("subject", "session", "region", "variable")
"""What tells apart the rows of whole regions."""

MEANS = (
    "information", "information_by_chance", "vector_length", "peak_rate", "mean_rate",
    "reliability",
)  # fmt: skip
"""What the row of a region has the mean of."""


def run(layout: Layout, dataset: str) -> None:
    """Write the tuning table of a dataset: a row per unit and variable, and one per region.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset : str

    Raises
    ------
    IsomorphError
        When responses are not rates over the bins of a variable, or files cannot be used or are
        not what the study now says.
    """
    study, spec = layout.study, layout.study.dataset(dataset)
    responses, inference = spec.responses, layout.study.spec.inference
    if not isinstance(responses, RateResponses):
        raise IsomorphError(
            f"{study.dataset_files[dataset]}: responses are of kind {responses.kind}; tuning is of "
            "units whose responses are rates over the bins of a variable, of kind rates"
        )
    for subject in spec.subjects:
        refuse_absent_of(layout, dataset, subject)
    require(layout, "tuning", dataset)
    parts: list[Hypotheses] = []
    read: set[Path] = set()
    for number, subject in enumerate(spec.subjects):
        files = files_of_subject(layout, "tuning", dataset, subject, names_of(layout, dataset))
        ids: list[str] = []
        paths: list[Path] = []
        found: list[list[Tuning]] = []
        for session, visits, read_from in sessions_of(files, responses):
            rng = np.random.default_rng([inference.seed, number, len(found)])
            own = tuning_of(
                visits, responses, table_of(files), inference.permutations, rng, files.where
            )
            found.append(own)
            ids.append(session)
            paths.append(read_from[0])
            read.update(read_from)
            files.say(f"{read_from[0].name}: {len(visits.spikes.ids)} units")
        for session, own in zip(session_names(ids, paths), found, strict=True):
            about = {"dataset": dataset, "simulated": spec.simulated, "subject": subject,
                     "session": session}  # fmt: skip
            parts += [part for one in own for part in _by_region(one, about)]
    units = answered(parts, inference, "tuning")
    units["tuned"] = np.where(units["p_corrected"].isna(), np.nan, units["p_corrected"] <= LEVEL)
    units["n_units"] = 1
    regions = _regions(units)
    for row in regions.to_dict("records"):
        say(
            f"tuning {dataset} {row['subject']} {row['session']}: {row['region']}: "
            + (f"{percent(row['tuned'])} of {row['n_units']} units are tuned to {row['variable']}"
               if row["n_units"] else f"no unit could be tested for {row['variable']}")
        )  # fmt: skip
    source = read_manifest(layout, dataset).provenance.source
    hashes = check_unchanged(layout, dataset, sorted(read))
    signed = stamp(layout, "tuning", dataset, seed=inference.seed, source=source, also=hashes)
    table = pd.concat([units, regions], ignore_index=True)
    write_tables(layout, dataset, {"tuning": table}, signed)


def _by_region(one: Tuning, about: dict[str, Any]) -> list[Hypotheses]:
    """Return the rows of each region as hypotheses of their own."""
    rows, draws = one.rows.assign(**about), len(one.null)
    found = []
    for region in dict.fromkeys(rows["region"]):
        inside = (rows["region"] == region).to_numpy()
        statistic, null = one.statistic[inside], one.null[:, inside]
        tested = Hypotheses.tested(
            rows[inside], statistic, null, smallest=1 / (1 + draws), permuted=True
        )
        found.append(tested)
    return found


def _regions(units: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each region: which share of its units is tuned, and means over them."""
    grouped = units.groupby(list(OF_REGION), sort=False)
    table = grouped[list(MEANS)].mean()
    table["tuned"] = grouped["tuned"].mean()
    table["n_units"] = grouped["tuned"].count()
    first = grouped[
        ["dataset", "simulated", "n_bins", "seconds", "n_shifts", "correction", "family"]
    ].first()
    table = table.join(first).reset_index()
    tested = table["n_units"] > 0
    return table.assign(
        unit="",
        peak_at="",
        p_note="",
        status=np.where(tested, "ok", "undefined"),
        reason=np.where(tested, "", "no unit could be tested"),
    )
