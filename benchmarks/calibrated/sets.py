"""Confidence sets of layers: what they hold and what they leave out, row 12."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import Rng, compared, distances, seed_of
from calibrated.table import Columns, DataSet, Figure, World, mean, share
from isomorph.measures import Floats


def graded(
    rng: Rng, n_stimuli: int, n_subjects: int, own: Floats
) -> tuple[Floats, Floats, list[str]]:
    """Return a region and one model, whose layers have so much of their own beside the truth.

    Half of what a layer has of its own is common to all layers.

    Parameters
    ----------
    rng : Generator
    n_stimuli, n_subjects : int
    own : array of shape (layer,)
        Standard deviation of features that the region does not have, over that of those it has.

    Returns
    -------
    rdms : array of shape (subject, pair)
    layers : array of shape (layer, pair)
    models : list of str
    """

    def features(n: int) -> Floats:
        return rng.standard_normal((n, n_stimuli, 10))

    truth, common = features(2)
    rdms = np.stack([distances(np.hstack([truth, noise])) for noise in features(n_subjects)])
    noise = np.sqrt(0.5) * (common + features(len(own)))
    layers = np.stack([np.hstack([truth, s * one]) for s, one in zip(own, noise, strict=True)])
    return rdms, distances(layers), ["net"] * len(own)


def one_set(
    rng: Rng, n_stimuli: int, n_layers: int, n_subjects: int, *, worse: float, between: float
) -> DataSet:
    """Find the set of a model whose first layer is best, whose last is worse, others between."""
    own = np.full(n_layers, 1 + between)
    own[0], own[-1] = 1, 1 + worse
    rdms, layers, models = graded(rng, n_stimuli, n_subjects, own)
    found = compared(rdms, layers, models, seed=seed_of(rng), minimum_subjects=4, permutations=0,
                     correction="holm", resamples=400, selection={"resamples": 50})  # fmt: skip
    rows = found.comparisons[0].rows
    inside, estimate = rows["in_set"].to_numpy() == "yes", rows["estimate"].to_numpy()
    return {
        "held": inside[own == 1],
        "excluded": float(not inside[-1]),
        "size": inside.mean(),
        "apart": estimate[0] - estimate[-1],
    }


def in_errors(columns: Columns) -> tuple[float, float]:
    """Return how many standard deviations the last layer is worse than the first."""
    apart = columns["apart"]
    ratio = apart.mean() / apart.std(ddof=1)
    return float(ratio), float(np.sqrt((1 + ratio**2 / 2) / len(apart)))


WORSE = {(60, 1): 0.74, (60, 4): 0.47, (120, 1): 0.46, (120, 4): 0.29}
"""What the last layer has more of its own than the first, by numbers of stimuli and subjects, such
that it is worse by four standard errors, the true ones: standard deviations over data sets."""


def set_worlds(n_stimuli: int, n_layers: int, n_subjects: int) -> tuple[World, ...]:
    """Return a world of equal layers, and one of layers that differ."""
    worse = WORSE[n_stimuli, n_subjects]
    subjects = "1 subject" if n_subjects == 1 else f"{n_subjects} subjects drawn too"
    words = f"{n_layers} layers, {n_stimuli} stimuli, {subjects}"
    at = partial(one_set, n_stimuli=n_stimuli, n_layers=n_layers, n_subjects=n_subjects)
    held = Figure("set holds the best layer, or any of them", share("held"), least=0.95)
    share_of_layers = Figure("share of the layers in the set", mean("size"))
    return (
        World("12", f"{words}, all equally good", partial(at, worse=0.0, between=0.0),
              (held,), n=200),
        World(
            "12", f"{words}, one best, others between",
            partial(at, worse=worse, between=worse / 2),
            (
                held,
                Figure("set leaves out the worst", share("excluded"), least=0.9),
                Figure("worst is worse by standard errors", in_errors, least=3.7, most=4.3),
                share_of_layers,
            ),
            n=200,
        ),
    )  # fmt: skip


WORLDS = tuple(
    world
    for n_stimuli, n_layers in ((60, 10), (60, 30), (120, 10))
    for n_subjects in (1, 4)
    for world in set_worlds(n_stimuli, n_layers, n_subjects)
)
