r"""Shares of the explained variance: what each model explains alone, and what several share.

With up to four predictors, the variance explained by every subset, :math:`R^2(S)`, says how much
is explained by exactly the predictors in :math:`T` and by no other (commonality analysis, Nimon et
al. 2008, https://doi.org/10.3758/BRM.40.2.457):

.. math:: C_T = \sum_{S \subseteq T} (-1)^{|T| - |S|} \left[R^2(P) - R^2(P \setminus S)\right].

All :math:`C_T` sum to :math:`R^2(P)`. A shared part can be negative, where one predictor suppresses
what hides another; it is reported as it is.

Predictors that have nothing to do with a region explain some of its variance too. So each
:math:`R^2` is adjusted by what it is when the region's stimuli are shuffled (whole groups of them,
where stimuli come in groups), as in Peres-Neto et al. (2006,
https://doi.org/10.1890/0012-9658(2006)87[2614:VPOSDM]2.0.CO;2):
:math:`1 - (1 - R^2) / (1 - \bar{R}^2_{shuffled})`.

A unique share that is 0 stands at the edge of what unadjusted shares can be, where resamples spread
wider than it does. Its p is cautious there: in simulation, of 40 stimuli and a predictor that adds
nothing to another, it is below .05 in fewer than one of 100 studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from isomorph.inference.estimated import Row
from isomorph.inference.explain.material import Material, Roles, no_estimate
from isomorph.inference.explain.similarities import Drawn, Similarities
from isomorph.inference.on_axes import orders_of, untested_of
from isomorph.inference.permutation import shuffled
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.ties import NONE, Indices
from isomorph.measures import Floats

COLLINEAR = 0.999
"""Similarity of two predictors above which no data can tell their shares apart."""

RANK = 1e-10
"""Share of the largest eigenvalue below which predictors are collinear."""

SHUFFLES = 200
"""Shuffles behind the adjustment, over all halves together at least."""


def subsets(n: int) -> list[tuple[int, ...]]:
    """Return the non-empty subsets of `n` predictors, the smaller first."""
    return [chosen for size in range(1, n + 1) for chosen in combinations(range(n), size)]


def explained(similarity: Floats, among: Floats) -> Floats:
    """Return the share of variance that every subset of predictors explains.

    Parameters
    ----------
    similarity : array of shape (..., brain, predictor)
        Of unit vectors.
    among : array of shape (..., predictor, predictor)
        Similarities of the predictors.

    Returns
    -------
    array of shape (..., brain, subset)
        In the order of `subsets`.
    """
    found = []
    for chosen in map(list, subsets(similarity.shape[-1])):
        own = similarity[..., chosen]
        inner = among[..., chosen, :][..., chosen]
        known = np.asarray(np.isfinite(inner).all(axis=(-2, -1)))[..., None, None]
        inverse = np.linalg.pinv(np.where(known, inner, 0.0), rcond=RANK, hermitian=True)
        share = ((own @ inverse) * own).sum(axis=-1)
        found.append(np.where(known[..., 0], share, np.nan))
    return np.stack(found, axis=-1)


def commonality(n: int) -> Floats:
    """Return the matrix `(part, subset)` that turns explained variances into their parts.

    Parts are named by the predictors that share them, in the order of `subsets`.
    """
    every = subsets(n)
    place = {chosen: column for column, chosen in enumerate(every)}
    whole = tuple(range(n))
    matrix = np.zeros((len(every), len(every)))
    for row, part in enumerate(every):
        for inner in (chosen for chosen in every if set(chosen) <= set(part)):
            sign = (-1.0) ** (len(part) - len(inner))
            matrix[row, place[whole]] += sign
            if rest := tuple(one for one in whole if one not in inner):
                matrix[row, place[rest]] -= sign
    return matrix


def adjusted(plain: Floats, by_chance: Floats) -> Floats:
    """Return explained variance less what shuffled stimuli explain, relative to what is left."""
    left: Floats = 1 - (1 - plain) / (1 - by_chance)
    return left


def partition_rows(
    found: Similarities, roles: Roles, drawn: Drawn, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the shares of variance of each group of models in each region.

    Each model stands for itself by the layer chosen on one half of the stimuli; its share is
    scored on the other half, and the estimate is the mean over halves. The spread is that of
    unadjusted shares, with layers chosen again in every resample.

    Parameters
    ----------
    found : Similarities
    roles : Roles
    drawn : Drawn
    rng : Generator
        For the shuffles.
    """
    material = found.material
    rows: list[Row] = []
    for region in material.regions:
        for group in roles.partitions:
            models = [name for name in group if name in material.layers]
            if len(models) > 1:
                rows += _group_rows(found, region.label, models, drawn, rng)
    return pd.DataFrame(rows)


def _group_rows(
    found: Similarities,
    region: str,
    models: Sequence[str],
    drawn: Drawn,
    rng: np.random.Generator,
) -> list[Row]:
    material, brains = found.material, found.material.rows[region]
    choices = [found.choose(region, name) for name in models]
    reason = next((one for one in choices if isinstance(one, str)), None)
    if reason is not None:
        return _without(material, region, models, "", reason)
    chosen = [one for one in choices if not isinstance(one, str)]
    layers = np.array([one.favourite[0] for one in chosen], dtype=np.intp)
    named = "; ".join(map(material.layer_name, layers))
    rows = found.candidate_rows(layers)
    if few := untested_of(material.groups, material.along):
        return _without(material, region, models, named, f"shares cannot be adjusted: {few}")
    if collinear := _collinear(found.whole[np.ix_(rows, rows)], models):
        return _without(material, region, models, named, collinear)
    turn = commonality(len(models))
    # The whole is one part more: the sum of all of them.
    turn = np.vstack([turn, turn.sum(axis=0)])
    each = None
    if all(one.alone for one in chosen):
        estimate = _adjusted_on(found, brains, layers, None, rng, 1) @ turn.T
    else:
        on_halves = [
            _adjusted_on(found, brains, np.array(half), scored, rng, len(found.scored))
            for half, (_, scored) in zip(
                zip(*(one.halves for one in chosen), strict=True), material.halves, strict=True
            )
        ]
        each = np.array(on_halves) @ turn.T
        estimate = each.mean(axis=0)

    def shares(gram: Floats, at: Indices, predictors: Indices) -> Floats:
        """Return `(resample, subject, part)` of predictors `(resample, model)`."""
        place, own = at[:, None, None], np.arange(found.n_subjects)[brains][:, None]
        among = gram[place, predictors[..., :, None], predictors[..., None, :]]
        return explained(gram[place, own, predictors[..., None, :]], among) @ turn.T

    def drawn_shares(picks: Indices) -> Floats:
        found_shares = shares(drawn.gram, np.arange(len(picks)), drawn.rows(np.maximum(picks, 0)))
        return np.where((picks == NONE).any(axis=-1)[:, None, None], np.nan, found_shares)

    def whole_shares(picks: Indices) -> Floats:
        return shares(
            found.whole[None], np.zeros(len(picks), dtype=np.intp), found.candidate_rows(picks)
        )

    resampled = material.choices_resampled(region, chosen, drawn_shares, whole_shares)
    told = material.told(estimate, resampled, no_p=found.no_p, halves=each)
    columns = _columns(material, region, models, named)
    return [
        {**columns, "part": part, "kind": kind, "variance": variance, **row}
        for (part, kind), variance, row in zip(_parts(models), estimate, told, strict=True)
    ]


def _adjusted_on(
    found: Similarities,
    brains: slice,
    layers: Indices,
    stimuli: Indices | None,
    rng: np.random.Generator,
    times: int,
) -> Floats:
    """Return the mean over subjects of the adjusted variance of every subset: `(subset,)`."""
    embed, material = found.measure.embed, found.material
    assert embed is not None, "only such measures are taken"
    own, rdms, groups = material.subjects[brains], material.candidates.rdms[layers], material.groups
    along = material.along
    if stimuli is not None:
        pairs = pairs_among(stimuli, material.n_stimuli)
        own, rdms, groups = own[:, pairs], rdms[:, pairs], groups[stimuli]
        if along is not None:
            along = along.some(np.isin(np.arange(material.n_stimuli), stimuli))
    own, rdms = embed(own), embed(rdms)
    among = rdms @ rdms.T
    orders = orders_of(groups, along, -(-SHUFFLES // times), rng, tested=False)
    lag = None if along is None else along.lag
    by_chance = explained(shuffled(own, orders, lag) @ rdms.T, among[None])
    mean: Floats = adjusted(explained(own @ rdms.T, among), by_chance.mean(axis=0)).mean(axis=0)
    return mean


def _collinear(among: Floats, models: Sequence[str]) -> str:
    """Say which predictors no data can tell apart; nothing when all can be."""
    for first, second in combinations(range(len(models)), 2):
        if abs(among[first, second]) > COLLINEAR:
            return (
                f"{models[first]} and {models[second]} are collinear "
                f"(similarity {among[first, second]:.4f}), their shares cannot be separated"
            )
    smallest = float(np.linalg.eigvalsh(among)[0])
    if smallest < 1 - COLLINEAR:
        return "one predictor is a combination of the others, their shares cannot be separated"
    return ""


def _parts(models: Sequence[str]) -> list[tuple[str, str]]:
    """Return each part's name and kind, the sum of all last."""
    named = [
        (" & ".join(models[one] for one in chosen), "unique" if len(chosen) == 1 else "shared")
        for chosen in subsets(len(models))
    ]
    return [*named, ("all", "total")]


def _without(
    material: Material, region: str, models: Sequence[str], named: str, reason: str
) -> list[Row]:
    columns = {**_columns(material, region, models, named), **no_estimate(reason)}
    return [{**columns, "part": part, "kind": kind} for part, kind in _parts(models)]


def _columns(material: Material, region: str, models: Sequence[str], named: str) -> Row:
    return {**material.columns(region), "predictors": "; ".join(models), "layers": named}
