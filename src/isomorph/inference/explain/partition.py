r"""Shares of the explained variance: what each model explains alone, and what several share.

With up to four predictors, the variance explained by every subset, :math:`R^2(S)`, says how much
is explained by exactly the predictors in :math:`T` and by no other (commonality analysis, Nimon et
al. 2008, https://doi.org/10.3758/BRM.40.2.457):

.. math:: C_T = \sum_{S \subseteq T} (-1)^{|T| - |S|} \left[R^2(P) - R^2(P \setminus S)\right].

All :math:`C_T` sum to :math:`R^2(P)`. A shared part can be negative, where one predictor suppresses
what hides another; it is told as it is.

Predictors that have nothing to do with a region explain some of its variance too. So each
:math:`R^2` is adjusted by what it is when the region's stimuli are shuffled, as in Peres-Neto et
al. (2006, https://doi.org/10.1890/0012-9658(2006)87[2614:VPOSDM]2.0.CO;2):
:math:`1 - (1 - R^2) / (1 - \bar{R}^2_{shuffled})`.

A unique share that is 0 stands at the edge of what unadjusted shares can be, where resamples spread
wider than it does. Its p is cautious there: in simulation, of 40 stimuli and a predictor that adds
nothing to another, it is below .05 in fewer than one of 100 studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.explain.material import Drawn, Material, Roles, Similarities
from isomorph.inference.explain.splits import Indices
from isomorph.inference.permutation import shuffled
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
    similarity : (..., brain, predictor)
        Of unit vectors.
    among : (..., predictor, predictor)
        Similarities of the predictors.

    Returns
    -------
    (..., brain, subset)
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
    scored on the other half, and the estimate is the mean over halves. The spread is that of the
    unadjusted shares of the layers chosen most often, on all stimuli.

    Parameters
    ----------
    found : Similarities
    roles : Roles
    drawn : Drawn
    rng : Generator
        For the shuffles.
    """
    material = found.material
    rows: list[dict[str, Any]] = []
    for region in material.regions:
        for group in roles.partitions:
            models = [name for name in group if name in material.layers]
            if len(models) > 1:
                rows += _group_rows(found, region.name, models, drawn, rng)
    return pd.DataFrame(rows)


def _group_rows(
    found: Similarities,
    region: str,
    models: Sequence[str],
    drawn: Drawn,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    material, brains = found.material, found.material.rows[region]
    choices = [found.choose(region, material.layers[name]) for name in models]
    reason = next((one for one in choices if isinstance(one, str)), None)
    if reason is not None:
        return _without(material, region, models, "", reason)
    chosen = [one for one in choices if not isinstance(one, str)]
    layers = np.array([one[1] for one in chosen], dtype=np.intp)
    named = "; ".join(map(material.layer_name, layers))
    rows = found.candidate_rows(layers)
    if alike := _collinear(found.whole[np.ix_(rows, rows)], models):
        return _without(material, region, models, named, alike)
    turn = commonality(len(models))
    nested = any(len(material.layers[name]) > 1 for name in models)
    if nested:
        each = [
            _adjusted_on(found, brains, np.array(half), pairs, rng, len(found.scored))
            for half, (_, pairs) in zip(
                zip(*(one[0] for one in chosen), strict=True), material.half_pairs, strict=True
            )
        ]
        estimate = np.mean(each, axis=0) @ turn.T
    else:
        estimate = _adjusted_on(found, brains, layers, None, rng, 1) @ turn.T
    predictors = drawn.rows(layers)
    among = drawn.gram[:, predictors[:, None], predictors]
    parts_drawn = explained(drawn.gram[:, brains][:, :, predictors], among) @ turn.T
    whole = explained(found.whole[brains][:, rows], found.whole[np.ix_(rows, rows)]) @ turn.T
    # The whole is one part more: the sum of all of them.
    with_sum = [np.append(x, x.sum(-1, keepdims=True), -1) for x in (estimate, whole, parts_drawn)]
    return _told(material, region, models, named, *with_sum)


def _adjusted_on(
    found: Similarities,
    brains: slice,
    layers: Indices,
    pairs: Indices | None,
    rng: np.random.Generator,
    times: int,
) -> Floats:
    """Return the mean over subjects of the adjusted variance of every subset: `(subset,)`."""
    embed = found.measure.embed
    assert embed is not None, "only such measures are taken"
    own, rdms = found.material.subjects[brains], found.material.candidates.rdms[layers]
    if pairs is not None:
        own, rdms = own[:, pairs], rdms[:, pairs]
    own, rdms = embed(own), embed(rdms)
    among = rdms @ rdms.T
    n_stimuli = found.material.n_stimuli if pairs is None else _stimuli(len(pairs))
    orders = np.tile(np.arange(n_stimuli), (-(-SHUFFLES // times), 1))
    by_chance = explained(shuffled(own, rng.permuted(orders, axis=1)) @ rdms.T, among[None])
    mean: Floats = adjusted(explained(own @ rdms.T, among), by_chance.mean(axis=0)).mean(axis=0)
    return mean


def _stimuli(n_pairs: int) -> int:
    return (1 + round(np.sqrt(1 + 8 * n_pairs))) // 2


def _collinear(among: Floats, models: Sequence[str]) -> str:
    """Say which predictors no data can tell apart; nothing when all can be."""
    for first, second in combinations(range(len(models)), 2):
        if abs(among[first, second]) > COLLINEAR:
            return (
                f"{models[first]} and {models[second]} are collinear "
                f"(similarity {among[first, second]:.4f}), their shares cannot be told apart"
            )
    smallest = float(np.linalg.eigvalsh(among)[0])
    if smallest < 1 - COLLINEAR:
        return "one predictor is a combination of the others, their shares cannot be told apart"
    return ""


def _parts(models: Sequence[str]) -> list[tuple[str, str]]:
    """Return each part's name and kind, the sum of all last."""
    named = [
        (" & ".join(models[one] for one in chosen), "unique" if len(chosen) == 1 else "shared")
        for chosen in subsets(len(models))
    ]
    return [*named, ("all", "total")]


def _told(
    material: Material,
    region: str,
    models: Sequence[str],
    named: str,
    estimate: Floats,
    whole: Floats,
    drawn: Floats,
) -> list[dict[str, Any]]:
    spread = material.spread(region, whole, drawn)
    low, high = spread.interval(estimate, material.inference.interval)
    p = spread.two_sided_p(estimate)
    usable = np.isfinite(drawn).all(axis=1).sum(axis=0)
    rows = []
    for number, (part, kind) in enumerate(_parts(models)):
        sound = bool(np.isfinite(estimate[number]) and 2 * usable[number] > len(drawn))
        rows.append(
            {
                **_columns(material, region, models, named),
                "part": part,
                "kind": kind,
                "variance": estimate[number],
                "standard_error": spread.standard_error[number] if sound else np.nan,
                "interval_low": low[number] if sound else np.nan,
                "interval_high": high[number] if sound else np.nan,
                "scheme": spread.scheme,
                "p": p[number] if sound else np.nan,
                "n_resamples": int(usable[number]),
                "status": "ok" if sound else "half of the resamples or more are degenerate",
            }
        )
    return rows


def _without(
    material: Material, region: str, models: Sequence[str], named: str, reason: str
) -> list[dict[str, Any]]:
    columns = _columns(material, region, models, named)
    return [
        {**columns, "part": part, "kind": kind, "scheme": "", "n_resamples": 0, "status": reason}
        for part, kind in _parts(models)
    ]


def _columns(material: Material, region: str, models: Sequence[str], named: str) -> dict[str, Any]:
    return {
        **material.columns,
        "region": region,
        "predictors": "; ".join(models),
        "layers": named,
        "n_stimuli": material.n_stimuli,
        "n_subjects": material.rows[region].stop - material.rows[region].start,
    }
