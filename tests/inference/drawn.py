"""Draws, scores and whole comparisons of simulated data, as the stage makes them."""

import numpy as np
import pandas as pd

from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.differences import ModelFamily
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import groups_of
from isomorph.inference.scores import scores_of
from isomorph.inference.setting import Setting, make_draws
from isomorph.inference.splits import Stimuli
from isomorph.measures import MEASURES, stimulus_count
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference


def distances(patterns):
    """Squared distances of patterns `(..., stimulus, unit)`."""
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def stimuli_of(n, rdms=(), keep_together=(), **columns):
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(n)], **columns})
    return Stimuli(table, rdms, "study.yaml", groups_of(table, keep_together, "study.yaml"))


def few(**settings):
    """Inference settings of a quick test."""
    asked = {"resamples": 150, "permutations": 99, "minimum_subjects": 2, **settings}
    asked["selection"] = {"repeats": 4, "resamples": 150, **asked.get("selection", {})}
    return Inference.model_validate(asked)


def region_of(rdms, name="IT"):
    return Region(name, rdms, tuple(f"p{k}" for k in range(len(rdms))), None, None)


def scored(rdms, layers, measure="pearson", seed=0, stimuli=None, **settings):
    """The scores of one region."""
    stimuli = stimuli or stimuli_of(stimulus_count(rdms.shape[1]), [layers])
    draws = make_draws({"IT": len(rdms)}, stimuli, few(**settings), [seed])
    (scores,) = scores_of([region_of(rdms)], layers, draws, MEASURES[measure])
    return scores


def compared(
    rdms, layers, models, measure="pearson", seed=0, stimuli=None, families=None, **settings
):
    """Everything that comparing one region with some models gives."""
    inference = few(**settings)
    stimuli = stimuli or stimuli_of(stimulus_count(rdms.shape[1]), [layers])
    draws = make_draws({"IT": len(rdms)}, stimuli, inference, [seed])
    depth = pd.Series(models).groupby(list(models)).cumcount()
    table = pd.DataFrame({"model": models, "layer": [f"layer{d}" for d in depth], "depth": depth})
    families = families or [ModelFamily(name, (name,)) for name in dict.fromkeys(models)]
    into = Compared()
    setting = Setting("data", True, "squared_euclidean", MEASURES[measure], inference)
    compare([region_of(rdms)], Candidates(table, layers), families, draws, setting, into)
    return into


def equal_layers(rng, n_stimuli, n_layers, n_subjects=1, n_models=2, noise=1.0, alike=0.0):
    """A region and models all of whose layers are equally like it in the population.

    Each layer has the region's features and as many of its own; `alike` of these are shared by
    the layers of a model.
    """

    def features():
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
    return rdms, distances(np.stack(layers)), list(np.repeat(list("abcdefgh")[:n_models], n_layers))
