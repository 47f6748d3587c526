"""Reliability: how well a region's responses, or its RDMs, agree with themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.responses.division import runs_of
from isomorph.responses.split_halves import (
    is_constant,
    parts_needed,
    spearman_brown,
    split_half,
)
from isomorph.responses.times import EDGES, bins_of, times_of
from isomorph.responses.variance import Variance, divide_variance

Array = npt.NDArray

REPETITIONS = (1, 2, 4, 8, 16)
"""Numbers of presentations for which reliability is predicted."""
TARGET = 0.8
"""Reliability for which the number of presentations is predicted."""


def unit_rows(
    data: xr.Dataset, subject: str, session: str, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the reliability of every unit of a session and their mean per region.

    Beside the split-half correlation and its standard deviation over splits a row holds the
    variance of signal and noise, their ratio as standard deviations (`snr`), the share of variance
    a perfect model explains of the mean over `n_repetitions` presentations (`noise_ceiling`), and
    what the Spearman-Brown formula predicts: the reliability of means over 1, 2, 4 … presentations,
    and how many presentations make it `TARGET`. In a region's row what the formula predicts starts
    from the region's mean correlation, and `snr` and `noise_ceiling` from its mean variances: means
    of what was cut off at 0 in each unit would find signal in noise. The rest are means over its
    units.

    Parameters
    ----------
    data : Dataset
        One session of responses. With time bins there are rows of each, all of the same halves.
    subject, session : str
        Whose.
    rng : Generator
        Draws the halves.
    """
    bins = bins_of(data)
    response = np.concatenate([one["response"].values for one in bins], axis=1)
    stimulus, run = data["stimulus"].values.astype(str), runs_of(data)
    found = split_half(response, stimulus, rng, run=run)
    variance = divide_variance(response, stimulus, run)
    table = pd.DataFrame(
        {
            "region": np.tile(data["region"].values.astype(str), len(bins)),
            "bin": np.repeat(np.arange(len(bins)), data.sizes["unit"]),
            "unit": np.tile(data["unit"].values.astype(str), len(bins)),
            "split_half": found.correlation,
            "split_half_sd": found.spread,
            "signal_variance": variance.signal,
            "noise_variance": variance.noise,
            "status": found.status,
            "n_units": 1,
        }
    )
    known = table[np.isfinite(found.correlation)]
    every = table.groupby(["region", "bin"]).size().index
    means = known.groupby(["region", "bin"]).mean(numeric_only=True).reindex(every)
    n_units = known.groupby(["region", "bin"]).size().reindex(every, fill_value=0)
    nothing = "undefined: no unit of the region has a value"
    status = ["ok" if count else nothing for count in n_units]
    regions = means.assign(unit="", status=status, n_units=n_units).reset_index()
    whole = pd.concat([table, regions], ignore_index=True).assign(
        subject=subject,
        session=session,
        n_stimuli=found.n_stimuli,
        n_repetitions=found.n_repetitions,
        n_splits=found.n_splits,
    )
    correlation = whole["split_half"].to_numpy()
    both = Variance(whole["signal_variance"].to_numpy(), whole["noise_variance"].to_numpy())
    derived = {
        "spearman_brown": spearman_brown(correlation),
        "snr": both.ratio,
        "noise_ceiling": both.ceiling(found.n_repetitions),
        **_predicted(correlation, found.presentations),
    }
    windows = np.full((len(bins), 2), np.nan) if len(bins) == 1 else times_of(data)
    for name, edges in zip(EDGES, np.asarray(windows)[whole.pop("bin")].T, strict=True):
        derived[name] = edges
    rows: list[dict[str, Any]] = whole.assign(**derived).to_dict("records")
    return rows


def _predicted(correlation: Array, presentations: float) -> dict[str, Array]:
    """Return what the reliability of means over so many presentations says of means over others."""
    if not presentations:
        correlation, presentations = np.full_like(correlation, np.nan), 1
    columns = {
        f"reliability_at_{number}": spearman_brown(correlation, number / presentations)
        for number in REPETITIONS
    }
    needed = parts_needed(correlation, TARGET) * presentations
    return {**columns, f"repetitions_for_{TARGET:g}": needed}


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
    regions = data["region"].values.astype(str)
    every = [(one, str(name)) for name, variable in data.data_vars.items()
             if "pair" in variable.dims for one in dict.fromkeys(regions)]  # fmt: skip
    for region, distance in every:
        vectors = data[distance].values[regions == region]
        vectors = vectors[np.isfinite(vectors[:, 0])].astype(float)
        if not len(vectors):
            continue
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
                "time_start": np.nan, "time_stop": np.nan,
                "n_stimuli": data.sizes["stimulus"], "n_repetitions": parts,
                "split_half": split, "spearman_brown": float(spearman_brown(split, parts)),
                "status": status, "n_units": -1, "n_splits": 0,
            }
        )  # fmt: skip
    return rows
