"""What layers predict of single units on stimuli they were not fitted on, of a whole analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from isomorph.inference.analysis import Analysis, every_rdm
from isomorph.inference.bootstrap import draw
from isomorph.inference.featured import GRAM
from isomorph.inference.gather import candidates_of
from isomorph.inference.groups import draw_groups, group_count, too_few_groups
from isomorph.inference.on_axes import marked, orders_of, untested_of
from isomorph.inference.predict.methods import methods_of, ridge_of
from isomorph.inference.predict.predicting import Task, predict
from isomorph.inference.predict.recorded import recorded
from isomorph.inference.predict.scored import Drawn
from isomorph.inference.predict.shared import shared_rows
from isomorph.inference.predict.tables import Tables, nothing_there
from isomorph.inference.stimulus_splits import Stimuli, dealt, together
from isomorph.prediction import Fold, folds_of

ENOUGH = 4
"""Stimuli in a part on average, below which there are fewer parts."""

NO_UNITS = "RDMs hold no units to predict"

TOO_FEW = "too few stimuli, or groups of them, to fit on some and predict others"


def prediction_tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Predict the units of a dataset from the layers of its models, and layers from regions.

    Parameters
    ----------
    analysis : Analysis
        With `features`; `inference.prediction` says by which methods.

    Returns
    -------
    dict of str to DataFrame
        `predictions`, `units`, `prediction_differences`, `prediction_partition`.

    Raises
    ------
    IsomorphError
        When a method is not known.
    """
    asked, inference = analysis.inference.prediction, analysis.inference
    where = f"{analysis.where}: inference.prediction.methods"
    methods = methods_of(asked.methods, asked, where)
    features = analysis.features
    if features is None or not features.brain:
        return nothing_there(analysis, asked.methods, NO_UNITS)
    folds = _folds(analysis)
    if len(folds) < 2:
        return nothing_there(analysis, asked.methods, TOO_FEW)
    rng = np.random.default_rng([*analysis.seed, 5])
    found = recorded(features, folds, asked.minimum_reliability, rng)
    if not found.populations:
        why = "; ".join(dict.fromkeys(why for _, why in found.left_out)) or NO_UNITS
        return nothing_there(analysis, asked.methods, why)
    groups, along = analysis.groups, analysis.along
    unsure, untested = too_few_groups(groups), untested_of(groups, along)
    counts = {place: len(own) for place, own in found.places.items()}
    enough = sorted({n for n in counts.values() if n >= inference.minimum_subjects})
    by_count = {n: draw(n, asked.resamples, rng) for n in enough}
    drawn = Drawn(
        draw_groups(groups, asked.resamples, rng),
        [rng.integers(0, len(one.units), (asked.resamples, len(one.units)))
         for one in found.populations],
        {place: by_count.get(n) for place, n in counts.items()},
        orders_of(groups, along, asked.permutations, rng),
        group_count(groups),
    )  # fmt: skip
    task = Task(found, candidates_of(features.layers, GRAM), folds, drawn, ridge_of(asked))
    tables = Tables(analysis, task, unsure, untested).all(predict(task, methods, analysis.said))
    shared, names = pd.DataFrame(), _bands(asked.bands, analysis)
    if len(names) > 1:
        shared = shared_rows(task, analysis, names, unsure, analysis.said)
    return marked({**tables, "prediction_partition": shared}, along)


def _bands(asked: Sequence[str], analysis: Analysis) -> list[str]:
    """Return the instances that stand for models that predict together, as far as compared."""
    first = {one.name: one.instances[0] for one in analysis.families}
    known = {**{name: name for one in analysis.families for name in one.instances}, **first}
    return list(dict.fromkeys(known[name] for name in asked if name in known))


def _folds(analysis: Analysis) -> list[Fold]:
    """Return the parts of the stimuli that are predicted, whole groups in each."""
    asked, selection = analysis.inference.prediction, analysis.inference.selection
    n_stimuli = len(analysis.stimuli)
    n_parts = max(2, min(asked.folds, n_stimuli // ENOUGH))
    assert analysis.features is not None, "or nothing is predicted"
    rdms = [every_rdm(layers) for layers in analysis.features.layers]
    stimuli = Stimuli(analysis.stimuli, rdms, analysis.where, analysis.groups, analysis.along)
    groups = together(stimuli, selection, n_parts)
    n_parts = min(n_parts, group_count(groups))
    if n_parts < 2:
        return []
    rng = np.random.default_rng([*analysis.seed, 4])
    along = analysis.along
    near = None if along is None else along.near
    return folds_of(dealt(groups, n_parts, rng, along), groups, near)


__all__ = ["NO_UNITS", "prediction_tables"]
