"""Shares of what several models predict of units: what each adds alone, and what several share.

Each model is a band: the Gram matrices of its layers, each scaled to one mean square, added up.
Every subset of models predicts by banded ridge regression, see `isomorph.prediction.bands`, and
held-out variance is divided as in a commonality analysis, see
`isomorph.inference.explain.shared_variance`. Unlike there nothing need be adjusted: on held-out
stimuli what knows nothing explains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from isomorph.inference.analysis import Analysis
from isomorph.inference.bootstrap import Resampled, resampled_means
from isomorph.inference.estimated import Row, estimated, records, unsure_of
from isomorph.inference.explain.shared_variance import commonality, subsets
from isomorph.inference.predict.predicting import Task
from isomorph.inference.predict.recorded import Population
from isomorph.inference.predict.scored import STIMULI_AND_UNITS
from isomorph.inference.spread import UNLIMITED
from isomorph.measures import Floats
from isomorph.prediction import explained, moments
from isomorph.prediction.bands import banded, candidate_shares, moved_with_bands
from isomorph.prediction.spectra import Labels

SEARCHED = 30
"""Shares of the bands that are tried."""

METHOD = "banded_ridge"


@dataclass(frozen=True)
class Explained:
    """Variance that every subset of bands explains of every unit.

    Attributes
    ----------
    plain : array of shape (subset, unit)
    drawn : array of shape (resample, subset, unit)
    """

    plain: Floats
    drawn: Floats


def shared_rows(
    task: Task, analysis: Analysis, names: Sequence[str], unsure: str, said: Callable[[str], None]
) -> pd.DataFrame:
    """Return a row per region and part: `unique`, `shared` and `total`.

    Parameters
    ----------
    task : Task
    analysis : Analysis
    names : sequence of str
        Two to four models.
    unsure : str
        Why resamples tell nothing; empty where they do.
    said : callable
        Told what is computed.
    """
    said(f"{' & '.join(names)} together")
    found = _explained(task, names)
    rows: list[Row] = []
    for place, populations in task.recorded.places.items():
        common = {
            "dataset": analysis.dataset, "simulated": analysis.simulated,
            **populations[0].columns, "measure": METHOD, "predictors": "; ".join(names),
            "n_stimuli": len(task.recorded.values), "n_subjects": len(populations),
            "n_parts": len(task.folds),
        }  # fmt: skip
        variance, drawn, n_units = _parts(found, task, place, populations, len(names))
        usable, why = unsure_of(drawn.over_stimuli, unsure)
        told = records(
            {
                "variance": variance, "n_resamples": usable, "n_units": n_units,
                **estimated(variance, drawn.spread(UNLIMITED), analysis.inference.interval,
                            unsure=why),
            },
            len(variance),
        )  # fmt: skip
        for chosen, row in zip(subsets(len(names)), told[:-1], strict=True):
            kind = "unique" if len(chosen) == 1 else "shared"
            part = " & ".join(names[at] for at in chosen)
            rows.append({**common, "part": part, "kind": kind, **row})
        rows.append({**common, "part": "all", "kind": "total", **told[-1]})
    return pd.DataFrame(rows)


def _explained(task: Task, names: Sequence[str]) -> Explained:
    """Return what every subset of the models explains."""
    layers = dict(task.by_model())
    grams = [_band(task, layers[name]) for name in names]
    rng = np.random.default_rng([len(task.recorded.values), len(names)])
    plain, drawn, values, draws = [], [], task.recorded.values, task.drawn.stimuli
    for chosen in subsets(len(names)):
        shares = candidate_shares(len(chosen), SEARCHED, rng)
        some = [grams[at] for at in chosen]
        made = banded(some, task.folds, values, task.ridge, shares)
        made = replace(made, held=made.held.masked(task.recorded.kept))
        plain.append(explained(moments(made.held))[0])
        moved = moved_with_bands(made, some, task.folds, values, task.ridge, draws)
        drawn.append(explained(moments(made.held, draws)) + moved)
    return Explained(np.stack(plain), np.stack(drawn, axis=1))


def _band(task: Task, layers: Labels) -> Floats:
    """Return the Gram matrices of some layers, each scaled to one mean square, added up."""
    total = np.zeros((len(task.recorded.values),) * 2)
    for candidate in layers.tolist():
        gram = task.gram(candidate)
        power = np.trace(gram)
        if np.isfinite(power) and power > 0:
            total += gram / power
    return total


def _parts(
    found: Explained, task: Task, place: str, populations: Sequence[Population], n: int
) -> tuple[Floats, Resampled, int]:
    """Return the parts, their draws, the total last, and how many units they are means over."""
    matrix = commonality(n)
    matrix = np.vstack([matrix, np.eye(len(matrix))[-1]])
    each, drawn, by_units, by_both, n_units = [], [], [], [], 0
    for one in populations:
        plain, resampled = found.plain[:, one.at], found.drawn[..., one.at]
        known = np.flatnonzero(np.isfinite(plain).all(axis=0))
        n_units += len(known)
        if not len(known):
            continue
        plain, resampled = plain[:, known], resampled[..., known]
        places = task.drawn.units[task.recorded.populations.index(one)] % len(known)
        counts = np.stack([np.bincount(row, minlength=len(known)) for row in places])
        weights = counts / counts.sum(axis=1, keepdims=True)
        each.append(matrix @ plain.mean(axis=1))
        drawn.append(resampled.mean(axis=2) @ matrix.T)
        by_units.append(weights @ plain.T @ matrix.T)
        by_both.append(np.einsum("rsu,ru->rs", resampled, weights) @ matrix.T)
    if not each:
        nothing = np.full((len(task.drawn.stimuli), len(matrix)), np.nan)
        return nothing[0], Resampled(nothing, None, None, task.drawn.n_groups, 0), 0
    subjects = task.drawn.subjects[place]
    estimate = np.mean(each, axis=0)
    if subjects is not None and len(each) == len(populations):
        means = resampled_means(
            np.stack(drawn, axis=1), np.stack(each), subjects, task.drawn.n_groups
        )
        return estimate, means, n_units
    if n_units < 2:
        alone = Resampled(np.mean(drawn, axis=0), None, None, task.drawn.n_groups, len(each))
        return estimate, alone, n_units
    stimuli, units, both = (np.mean(one, axis=0) for one in (drawn, by_units, by_both))
    return (
        estimate,
        Resampled(stimuli, units, both, task.drawn.n_groups, n_units, both=STIMULI_AND_UNITS),
        n_units,
    )
