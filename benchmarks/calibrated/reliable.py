"""Ceilings where the true model lands, and regions that share noise: rows 4 and 5."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from calibrated.ceilings import RATES, Recording, ceiling_of_one, p_of_shared_noise
from calibrated.drawn import Rng, seed_of
from calibrated.table import Columns, DataSet, Figure, World, covered, mean, share
from isomorph.rdms import DISTANCES

SIGNALS: Mapping[str, float] = dict.fromkeys(RATES, 0.15)
"""Weak ones, of a reliability of about .5; .35 for all other distances."""


def ceiling_found(rng: Rng, recording: Recording, distance: str, resamples: int) -> DataSet:
    """Record one subject; set the ceiling against what the true model scores."""
    score, bounds = ceiling_of_one(recording, distance, "pearson", seed_of(rng), resamples)
    defined = bool(np.isfinite(bounds.upper))
    low, high = bounds.upper_interval
    return {
        "truth": score,
        "ceiling": bounds.upper if defined else 0.0,
        "reliability": score**2,
        "undefined": float(not defined),
        "refused": float(f"halves of {recording.n_repetitions} rep" in bounds.reason),
        "low": low,
        "high": high,
        "above": float(defined and score > bounds.upper),
    }


def bias(columns: Columns) -> tuple[float, float]:
    """Return the mean ceiling less what the truth scores, where there is a ceiling."""
    known = columns["undefined"] == 0
    off = (columns["ceiling"] - columns["truth"])[known]
    if len(off) < 2:
        return float("nan"), float("inf")
    return float(off.mean()), float(off.std(ddof=1) / np.sqrt(len(off)))


def normalised(columns: Columns) -> tuple[float, float]:
    """Return the truth's mean score over the mean ceiling, where there is a ceiling."""
    known = columns["undefined"] == 0
    score, ceiling = columns["truth"][known], columns["ceiling"][known]
    if len(score) < 2:
        return float("nan"), float("inf")
    ratio = score.mean() / ceiling.mean()
    off = (score - ratio * ceiling) / ceiling.mean()
    return float(ratio), float(off.std(ddof=1) / np.sqrt(len(off)))


def ceiling_world(distance: str, n_repetitions: int, signal: float | None = None) -> World:
    """Return a world of one subject's ceilings; judged where the reliability is above .4."""
    weak = signal is not None
    recording = Recording(n_repetitions=n_repetitions, signal=signal or SIGNALS.get(distance, 0.35))
    before = ""
    if distance == "crossvalidated_euclidean" and n_repetitions == 4:
        before = "1.54" if weak else "1.15"
    limit = np.inf if weak else 0.02
    figures = [
        Figure("ceiling less score of the truth", bias, least=-limit, most=limit),
        Figure("normalised r of the truth", normalised, before=before),
        Figure("reliability (squared score of the truth)", mean("reliability")),
    ]
    if DISTANCES[distance].repetitions and n_repetitions < 4:
        said = "undefined, as halves need two repetitions"
        figures = [Figure(said, share("refused"), least=1, before="0")]
    elif weak or n_repetitions < 4:
        figures.append(Figure("ceilings that are undefined", share("undefined")))
    return World(
        "4",
        f"one subject, {distance}, {n_repetitions} repetitions{', little signal' * weak}",
        partial(ceiling_found, recording=recording, distance=distance, resamples=0),
        tuple(figures),
    )


def interval_world(distance: str) -> World:
    """Return a world of intervals of ceilings, of a region whose tuning stays."""
    recording = Recording(n_stimuli=40, tuning=1)
    return World(
        "4",
        f"one subject, {distance}, interval of the ceiling",
        partial(ceiling_found, recording=recording, distance=distance, resamples=100),
        (
            Figure("interval covers the truth's mean score", covered, least=0.92),
            Figure("truth above the ceiling", share("above"), before=".66–1"),
        ),
        quick=3,
    )


def regions_alike(
    rng: Rng, distance: str, noise: float, n_subjects: int, recording: Recording
) -> DataSet:
    """Compare two regions without signal that share noise."""
    p = p_of_shared_noise(distance, noise, seed_of(rng), n_subjects=n_subjects, recording=recording)
    return {"significant": float(p <= 0.05), "asked": float(np.isfinite(p))}


def shared_world(distance: str, noise: float, n_subjects: int = 1, before: str = "") -> World:
    """Return a world of regions that share so much of their noise."""
    recording = (
        Recording(n_stimuli=16, n_units=10, n_repetitions=8) if n_subjects == 1
        else Recording(n_stimuli=24, n_units=30, n_repetitions=1)
    )  # fmt: skip
    subjects = "" if n_subjects == 1 else f", {n_subjects} subjects without repetitions"
    return World(
        "5",
        f"two regions without signal, {distance}, {noise:.0%} shared noise{subjects}",
        partial(regions_alike, distance=distance, noise=noise, n_subjects=n_subjects,
                recording=recording),
        (
            Figure("regions alike, p ≤ .05", share("significant"), most=0.07, before=before),
            Figure("pairs of regions that have a p", share("asked")),
        ),
        n=500,
    )  # fmt: skip


SHARED = {"correlation": ".55", "crossvalidated_euclidean": ".25", "crossnobis": ".21"}

WORLDS = (
    *(ceiling_world(distance, n) for distance in DISTANCES for n in (4, 8)
      if (distance, n) != ("lda_accuracy", 4)),  # whose halves need three repetitions each
    *(ceiling_world(distance, n) for distance in ("correlation", "crossvalidated_euclidean")
      for n in (2, 3)),
    *(ceiling_world(distance, 4, signal=0.2)
      for distance in ("correlation", "crossvalidated_euclidean")),
    *(interval_world(distance) for distance in SHARED),
    *(shared_world(distance, noise, before=before if noise == 0.1 else "")
      for distance, before in SHARED.items() for noise in (0.0, 0.1, 0.3)),
    *(shared_world("correlation", noise, 4) for noise in (0.1, 0.3)),
)  # fmt: skip
