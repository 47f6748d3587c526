"""Reliability: how well a region's responses, or its RDMs, agree with themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import (
    artefact_kind,
    provenance,
    read_array,
    read_responses,
    write_table,
)
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.halves import SPLITS, is_constant, spearman_brown, split_half


def run_reliability(layout: Layout, dataset: str) -> None:
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
        When responses are missing, or the units per region differ from those expected.
    """
    spec = layout.study.dataset(dataset)
    seed = layout.study.spec.inference.seed
    files = [layout.responses(dataset, subject) for subject in spec.subjects]
    rows: list[dict[str, Any]] = []
    for number, (subject, file) in enumerate(zip(spec.subjects, files, strict=True)):
        if artefact_kind(file) == "rdms":
            rows += rdm_rows(read_array(file, "rdms"), subject)
        else:
            for order, (session, data) in enumerate(read_responses(file).items()):
                rng = np.random.default_rng([seed, number, order])
                rows += unit_rows(data, subject, session, rng)
        print(f"reliability {dataset} {subject}: done", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    _check_expected(table, spec.expected.units, layout.study.dataset_files[dataset])
    stamp = provenance(
        "reliability",
        inputs=files,
        settings={"splits": SPLITS, "expected_units": spec.expected.units},
        code=code_digest("isomorph.responses.reliability"),
        seed=seed,
    )
    write_table(layout.reliability(dataset), table, "reliability", stamp)


def unit_rows(
    data: xr.Dataset, subject: str, session: str, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the reliability of every unit of a session and their mean per region.

    Parameters
    ----------
    data : Dataset
        One session of responses.
    subject, session : str
        Whose.
    rng : Generator
        Draws the halves.
    """
    found = split_half(data["response"].values, data["stimulus"].values.astype(str), rng)
    regions = data["region"].values.astype(str)
    common = {"n_stimuli": found.n_stimuli, "n_repetitions": found.n_repetitions}
    corrected = spearman_brown(found.correlation)
    rows: list[dict[str, Any]] = [
        {
            "subject": subject, "session": session, "region": region, "unit": unit, **common,
            "split_half": r, "spearman_brown": full, "status": status, "n_units": 1,
        }
        for region, unit, r, full, status in zip(
            regions, data["unit"].values.astype(str), found.correlation, corrected, found.status,
            strict=True,
        )
    ]  # fmt: skip
    for region in np.unique(regions):
        here = (regions == region) & np.isfinite(found.correlation)
        some = here.any()
        rows.append(
            {
                "subject": subject, "session": session, "region": region, "unit": "", **common,
                "split_half": found.correlation[here].mean() if some else np.nan,
                "spearman_brown": corrected[here].mean() if some else np.nan,
                "status": "ok" if some else "undefined: no unit of the region has a value",
                "n_units": int(here.sum()),
            }
        )  # fmt: skip
    return rows


def rdm_rows(data: xr.Dataset, subject: str) -> list[dict[str, Any]]:
    """Return per region how well a subject's ready RDMs agree between sessions.

    Parameters
    ----------
    data : Dataset
        Ready RDMs of one subject.
    subject : str
        The subject.
    """
    rows = []
    labels = list(zip(data["region"].values, data["distance"].values, strict=True))
    for region, distance in dict.fromkeys(labels):
        vectors = data["rdm"].values[[label == (region, distance) for label in labels]]
        parts = len(vectors)
        split, status = np.nan, "undefined: one RDM, no repetitions"
        if parts > 1 and is_constant(vectors, axis=1).any():
            status = "undefined: the RDM of a session is constant"
        elif parts > 1:
            split = float(np.corrcoef(vectors)[np.triu_indices(parts, k=1)].mean())
            status = f"ok: Pearson correlation of the RDMs of {parts} sessions"
        rows.append(
            {
                "subject": subject, "session": "", "region": region, "unit": "",
                "n_stimuli": data.sizes["stimulus"], "n_repetitions": parts,
                "split_half": split, "spearman_brown": float(spearman_brown(split, parts)),
                "status": status, "n_units": -1,
            }
        )  # fmt: skip
    return rows


def _check_expected(table: pd.DataFrame, expected: dict[str, int], source: Path) -> None:
    """Refuse a number of units per region other than the expected one."""
    found = table[table["unit"] != ""]["region"].value_counts()
    for region, count in expected.items():
        if int(found.get(region, 0)) != count:
            raise IsomorphError(
                f"{source}: expected.units.{region} says {count}, the responses hold "
                f"{int(found.get(region, 0))} over all subjects"
            )
