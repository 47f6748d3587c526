"""Ceilings of one subject and regions that share noise, simulated from responses on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibrated.recorded import brain_of, names
from isomorph.inference.bounds import Ceiling
from isomorph.inference.ceilings import ceiling
from isomorph.inference.gather import Region
from isomorph.inference.groups import groups_of
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.setting import Draws, Setting, make_draws
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import MEASURES, Floats
from isomorph.rdms import DISTANCES, Folds, geometry_of_folds
from isomorph.study import Inference

WEIGHED = ("mahalanobis", "crossnobis", "lda_accuracy")
RATES = ("poisson_kl", "crossvalidated_poisson_kl")


@dataclass(frozen=True)
class Recording:
    """How a region of one subject is recorded.

    Attributes
    ----------
    n_stimuli, n_units, n_repetitions : int
    signal : float
        Standard deviation of the responses over stimuli, that of the noise being 1; for rates,
        their level.
    mean : float
        Standard deviation of the mean responses over units.
    strength : float
        How much stimuli differ in the strength of responses (standard deviation of the logarithm).
    tuning : int or None
        Seed of what the units respond to, drawn again for every simulation unless given.
    """

    n_stimuli: int = 60
    n_units: int = 50
    n_repetitions: int = 4
    signal: float = 0.4
    mean: float = 0.0
    strength: float = 0.0
    tuning: int | None = None


def truth_of(recording: Recording, rng: np.random.Generator, dimensions: int = 8) -> Floats:
    """Return noise-free responses `(stimulus, unit)`: two categories within eight dimensions."""
    features = rng.standard_normal((recording.n_stimuli, dimensions))
    features[:, 0] = 2 * np.sign(features[:, 0])
    units = rng if recording.tuning is None else np.random.default_rng(recording.tuning)
    patterns = features @ units.standard_normal((dimensions, recording.n_units)) / dimensions**0.5
    patterns += recording.mean * units.standard_normal(recording.n_units)
    strength = np.exp(recording.strength * rng.standard_normal((recording.n_stimuli, 1)))
    return patterns * strength


def recorded(
    recording: Recording, distance: str, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return responses `(repetition, stimulus, unit)` and the RDM without noise `(pair,)`."""
    truth = truth_of(recording, rng)
    shape = (recording.n_repetitions, recording.n_stimuli, recording.n_units)
    if distance in RATES:
        rates = 3 * recording.signal * np.exp(truth / 2)
        return rng.poisson(rates, shape).astype(float), rdm_of(rates, "poisson_kl")
    noise = rng.standard_normal(shape)
    signal = recording.signal * truth
    if distance not in WEIGHED:
        return signal + noise, rdm_of(signal, DISTANCES[distance].noise_free or distance)
    # Noise that units share in three dimensions, and what it looks like when made white.
    factors = rng.standard_normal((3, recording.n_units)) / 2
    values, vectors = np.linalg.eigh(np.eye(recording.n_units) + factors.T @ factors)
    colour = (vectors * np.sqrt(values)) @ vectors.T
    white = signal @ np.linalg.inv(colour)
    return signal + noise @ colour, rdm_of(white, DISTANCES[distance].noise_free)


def rdm_of(patterns: Floats, distance: str) -> Floats:
    """Return the RDM of patterns `(stimulus, unit)`."""
    folds = Folds(patterns[None], np.ones((1, len(patterns)), dtype=bool))
    geometry = geometry_of_folds(folds, [distance])
    assert geometry is not None
    return DISTANCES[distance].compute(geometry)


def draws_of(regions: list[Region], n_stimuli: int, inference: Inference, seed: int) -> Draws:
    """Return draws for regions over stimuli that stand each for itself."""
    table = pd.DataFrame({"stimulus": names(n_stimuli)})
    stimuli = Stimuli(table, [], "study.yaml", groups_of(table, (), "study.yaml"))
    counts = {region.name: len(region.subjects) for region in regions}
    return make_draws(counts, stimuli, inference, [seed, 1])


def ceiling_of_one(
    recording: Recording, distance: str, measure: str, seed: int, resamples: int = 0
) -> tuple[float, Ceiling]:
    """Simulate one subject and return what the true model scores, and the ceiling."""
    rng = np.random.default_rng(seed)
    responses, truth = recorded(recording, distance, rng)
    (region,) = brain_of({"m": {"V1": responses}}, distance)
    score = MEASURES[measure].compare(region.rdms, truth[None]).item()
    inference = Inference(resamples=max(resamples, 10), permutations=0)
    draws = draws_of([region], recording.n_stimuli, inference, seed) if resamples else None
    return score, ceiling(region, distance, MEASURES[measure], draws)


def bias_of_ceilings(
    recording: Recording, distance: str, measure: str, n: int
) -> tuple[float, float, float]:
    """Return what the truth scores, what the ceiling is off, and the one over the other.

    Each of the mean over `n` subjects; an undefined ceiling counts as 0.
    """
    found = [ceiling_of_one(recording, distance, measure, seed) for seed in range(n)]
    score = np.array([one for one, _ in found])
    upper = np.array([np.nan_to_num(bounds.upper) for _, bounds in found])
    return float(score.mean()), float((upper - score).mean()), float(score.mean() / upper.mean())


def coverage_of_ceilings(
    recording: Recording, distance: str, measure: str, n: int, resamples: int = 100
) -> tuple[float, float]:
    """Return how often the interval of the ceiling holds what the truth scores.

    On average over the stimuli and noise of a region, whose tuning is to be fixed; and in the same
    data.
    """
    found = [ceiling_of_one(recording, distance, measure, seed, resamples) for seed in range(n)]
    score = np.array([score for score, _ in found])
    low, high = np.array([bounds.upper_interval for _, bounds in found]).T
    mean = score.mean()
    return float(((low <= mean) & (mean <= high)).mean()), float(
        ((low <= score) & (score <= high)).mean()
    )


def p_of_shared_noise(
    distance: str,
    share: float,
    seed: int,
    *,
    n_subjects: int = 1,
    recording: Recording = Recording(n_stimuli=16, n_units=10, n_repetitions=8),
    measure: str = "pearson",
    permutations: int = 99,
) -> float:
    """Simulate two regions without signal that share some of their noise; return p.

    Parameters
    ----------
    distance : str
    share : float
        Of the variance of either region's noise.
    seed : int
    n_subjects : int, optional
    recording : Recording, optional
    measure : str, optional
    permutations : int, optional
    """
    rng = np.random.default_rng(seed)
    shape = (recording.n_repetitions, recording.n_stimuli, recording.n_units)
    subjects = {}
    for subject in range(n_subjects):
        common = rng.standard_normal(shape)
        subjects[f"m{subject}"] = {
            region: recording.mean * rng.standard_normal(recording.n_units)
            + np.sqrt(share) * common
            + np.sqrt(1 - share) * rng.standard_normal(shape)
            for region in ("V1", "IT")
        }
    regions = brain_of(subjects, distance)
    inference = Inference(resamples=10, permutations=permutations)
    setting = Setting("simulated", True, distance, MEASURES[measure], inference)
    draws = draws_of(regions, recording.n_stimuli, inference, seed)
    (found,) = compare_regions(regions, draws, setting)
    return float(found.rows["p"].iloc[0])


def false_positives(distance: str, share: float, n: int, **settings: object) -> float:
    """Return how often two regions without signal are alike at p ≤ .05."""
    p = [p_of_shared_noise(distance, share, seed, **settings) for seed in range(n)]  # type: ignore[arg-type]
    return float(np.mean(np.array(p) <= 0.05))
