"""Reliability: how well a region's responses, or its RDMs, agree with themselves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
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

Array = npt.NDArray

SPLITS = 100
"""Random divisions of the repetitions into halves."""
MINIMUM_STIMULI = 3
"""Two stimuli always correlate perfectly."""


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
    _check_expected(table, spec.expected.units, layout.study.sources[dataset])
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


@dataclass(frozen=True)
class SplitHalf:
    """Split-half correlation of units over stimuli.

    Attributes
    ----------
    correlation : ndarray (unit,)
        Mean over splits, NaN where undefined.
    status : list of str
        Per unit `ok`, or why there is no number.
    n_stimuli, n_repetitions : int
        Stimuli shown at least twice, and the fewest showings among them.
    """

    correlation: Array
    status: list[str]
    n_stimuli: int
    n_repetitions: int


def split_half(
    response: Array, stimulus: Array, rng: np.random.Generator, splits: int = SPLITS
) -> SplitHalf:
    """Correlate, over stimuli, the mean responses of two halves of the repetitions.

    Parameters
    ----------
    response : ndarray (presentation, unit)
        Responses.
    stimulus : ndarray (presentation,) of str
        Stimulus of each presentation. One shown once is left out; of an odd number of showings
        one, chosen at random in each split, is left out.
    rng : Generator
        Draws the halves.
    splits : int
        How many random divisions.

    Returns
    -------
    SplitHalf
    """
    names, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    repeated = shown >= 2
    n_stimuli = int(repeated.sum())
    n_units = response.shape[1]
    fewest = int(shown[repeated].min()) if n_stimuli else int(shown.max(initial=0))
    if n_stimuli < MINIMUM_STIMULI:
        why = f"undefined: {n_stimuli} of {len(names)} stimuli were shown more than once"
        return SplitHalf(np.full(n_units, np.nan), [why] * n_units, n_stimuli, fewest)
    rows = repeated[code]
    code = (np.cumsum(repeated) - 1)[code[rows]]
    first, second = _half_means(response[rows].astype(np.float64), code, splits, rng)
    correlation = _correlate(first, second)
    undefined = ~np.isfinite(correlation)
    with np.errstate(invalid="ignore"):
        mean = correlation.mean(axis=0)
    status = [
        "ok" if not count else
        f"undefined: the same response to every stimulus in a half of {count} of {splits} splits"
        for count in undefined.sum(axis=0)
    ]  # fmt: skip
    return SplitHalf(mean, status, n_stimuli, fewest)


def _half_means(
    response: Array, code: Array, splits: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the mean responses `(split, stimulus, unit)` of two random halves.

    Each half of every split is a sparse row per stimulus that averages its presentations, so all
    splits are one sparse product.
    """
    from scipy.sparse import csr_array

    n, n_stimuli = len(code), int(code.max()) + 1
    # A random order of all presentations, sorted by stimulus, shuffles each stimulus' own.
    shuffled = rng.permuted(np.tile(np.arange(n), (splits, 1)), axis=1)
    by_stimulus = np.argsort(code[shuffled], axis=1, kind="stable")
    order = np.take_along_axis(shuffled, by_stimulus, axis=1)
    counts = np.bincount(code)
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    half = np.repeat(counts // 2, counts)
    grouped = np.repeat(np.arange(n_stimuli), counts)
    means = []
    for chosen in (place < half, (place >= half) & (place < 2 * half)):
        columns = order[:, chosen]
        rows = np.arange(splits)[:, None] * n_stimuli + grouped[chosen]
        weights = np.broadcast_to(1.0 / half[chosen], columns.shape)
        averaging = csr_array(
            (weights.ravel(), (rows.ravel(), columns.ravel())), shape=(splits * n_stimuli, n)
        )
        means.append((averaging @ response).reshape(splits, n_stimuli, -1))
    return means[0], means[1]


def _correlate(first: Array, second: Array) -> Array:
    """Return Pearson correlations over axis 1: (split, unit), NaN where a side is constant."""
    constant = _constant(first, axis=1) | _constant(second, axis=1)
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
    products = np.einsum("ijk,ijk->ik", first, second)
    return np.divide(products, norms, out=np.full_like(norms, np.nan), where=~constant)


def _constant(values: Array, axis: int) -> Array:
    """Tell which vectors vary by no more than the rounding of a mean."""
    return np.ptp(values, axis=axis) <= 1e-12 * np.abs(values).max(axis=axis)


def spearman_brown(correlation: npt.ArrayLike, parts: int = 2) -> Array:
    """Return the reliability of the whole from that of one of its parts.

    Parameters
    ----------
    correlation : float or ndarray
        Reliability of one part.
    parts : int
        How many parts the whole has.

    Returns
    -------
    ndarray
        ``k r / (1 + (k - 1) r)``; NaN where the denominator is not above 0.

    References
    ----------
    Spearman C (1910) Br J Psychol 3, 271-295; Brown W (1910) Br J Psychol 3, 296-322.
    """
    correlation = np.asarray(correlation, dtype=np.float64)
    below = 1 + (parts - 1) * correlation
    whole = np.full_like(correlation, np.nan)
    return np.divide(parts * correlation, below, out=whole, where=below > 0)


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
        if parts > 1 and _constant(vectors, axis=1).any():
            status = "undefined: the RDM of a session is constant"
        elif parts > 1:
            split = float(np.corrcoef(vectors)[np.triu_indices(parts, k=1)].mean())
            status = f"ok: correlation of {distance} RDMs between {parts} sessions"
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
