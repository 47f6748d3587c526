"""Draws, scores and whole comparisons of simulated data, as the stage makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import groups_of
from isomorph.inference.members import ModelFamily
from isomorph.inference.scores import Scores, scores_of
from isomorph.inference.setting import Setting, make_draws
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import MEASURES, Floats, stimulus_count
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference

Rng = np.random.Generator
Settings = dict[str, Any]

USUAL: Settings = {"resamples": 200, "selection": {"repeats": 10, "resamples": 200}}
"""As many resamples of a choice as a study has."""

SMALL: Settings = {"resamples": 10, "selection": {"repeats": 1, "resamples": 50}}
"""Resamples where none of what they tell is asked."""

NO_TEST: Settings = {"permutations": 0, "correction": "holm"}


def seed_of(rng: Rng) -> int:
    """Return a seed for the draws of a comparison."""
    return int(rng.integers(2**31))


def distances(patterns: Floats) -> Floats:
    """Return squared distances of patterns `(..., stimulus, unit)`: `(..., pair)`."""
    i, j = pair_indices(patterns.shape[-2])
    squares: Floats = ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)
    return squares


def stimuli_of(
    n: int, rdms: Sequence[Floats] = (), keep_together: Sequence[str] = (), **columns: Any
) -> Stimuli:
    """Return `n` stimuli with further columns, some of which may keep them together.

    Parameters
    ----------
    n : int
    rdms : sequence of arrays of shape (layer, pair)
        Of every model.
    keep_together : sequence of str
    **columns
        Of the stimulus table.
    """
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(n)], **columns})
    return Stimuli(table, rdms, "study.yaml", groups_of(table, keep_together, "study.yaml"))


def few(**settings: Any) -> Inference:
    """Return inference settings of a quick test, but for those given."""
    asked = {"resamples": 150, "permutations": 99, "minimum_subjects": 2, **settings}
    asked["selection"] = {"repeats": 4, "resamples": 150, **asked.get("selection", {})}
    return Inference.model_validate(asked)


def region_of(rdms: Floats, name: str = "IT", **place: Any) -> Region:
    """Return a region with an RDM per subject `(subject, pair)`."""
    return Region(name, rdms, tuple(f"p{k}" for k in range(len(rdms))), None, None, **place)


def candidates_of(layers: Floats, models: Sequence[str]) -> Candidates:
    """Return layers `(layer, pair)` as candidates; those of a model are as deep as they stand."""
    depth = pd.Series(models).groupby(list(models)).cumcount()
    table = pd.DataFrame({"model": models, "layer": [f"layer{d}" for d in depth], "depth": depth})
    return Candidates(table, layers)


def scored(
    rdms: Floats,
    layers: Floats,
    measure: str = "pearson",
    seed: int = 0,
    stimuli: Stimuli | None = None,
    **settings: Any,
) -> Scores:
    """Return the scores of one region.

    Parameters
    ----------
    rdms : array of shape (subject, pair)
    layers : array of shape (layer, pair)
    measure : str
    seed : int
    stimuli : Stimuli, optional
    **settings
        Of `few`.
    """
    stimuli = stimuli or stimuli_of(stimulus_count(rdms.shape[1]), [layers])
    draws = make_draws({"IT": len(rdms)}, stimuli, few(**settings), [seed])
    (scores,) = scores_of([region_of(rdms)], layers, draws, MEASURES[measure])
    return scores


def compared(
    rdms: Floats | Sequence[Region],
    layers: Floats,
    models: Sequence[str],
    measure: str = "pearson",
    seed: int = 0,
    stimuli: Stimuli | None = None,
    families: Sequence[ModelFamily] = (),
    **settings: Any,
) -> Compared:
    """Return everything that comparing regions with some models gives.

    Parameters
    ----------
    rdms : array of shape (subject, pair), or sequence of Region
        Of one region.
    layers : array of shape (layer, pair)
    models : sequence of str
        Model of every layer.
    measure : str
    seed : int
    stimuli : Stimuli, optional
    families : sequence of ModelFamily
        Every model by itself unless given.
    **settings
        Of `few`.
    """
    inference = few(**settings)
    regions = [region_of(rdms)] if isinstance(rdms, np.ndarray) else list(rdms)
    stimuli = stimuli or stimuli_of(stimulus_count(layers.shape[1]), [layers])
    counts = {region.name: len(region.subjects) for region in regions}
    draws = make_draws(counts, stimuli, inference, [seed])
    families = families or [ModelFamily(name, (name,)) for name in dict.fromkeys(models)]
    into = Compared()
    setting = Setting("data", True, "squared_euclidean", MEASURES[measure], inference)
    compare(regions, candidates_of(layers, models), families, draws, setting, into)
    return into


def equal_layers(
    rng: Rng,
    n_stimuli: int,
    n_layers: int,
    n_subjects: int = 1,
    n_models: int = 2,
    noise: float = 1.0,
    alike: float = 0.0,
) -> tuple[Floats, Floats, list[str]]:
    """Return a region and models all of whose layers are equally like it in the population.

    Each layer has the region's features and as many of its own; `alike` of these are shared by
    the layers of a model.

    Returns
    -------
    rdms : array of shape (subject, pair)
    layers : array of shape (layer, pair)
    models : list of str
        Of every layer.
    """

    def features() -> Floats:
        return rng.standard_normal((n_stimuli, 10))

    truth = features()
    rdms = np.stack([distances(np.hstack([truth, noise * features()])) for _ in range(n_subjects)])
    layers = []
    for _ in range(n_models):
        common = features()
        layers += [
            np.hstack([truth, noise * (np.sqrt(alike) * common + np.sqrt(1 - alike) * features())])
            for _ in range(n_layers)
        ]
    names = list("abcdefgh")[:n_models]
    return rdms, distances(np.stack(layers)), np.repeat(names, n_layers).tolist()
