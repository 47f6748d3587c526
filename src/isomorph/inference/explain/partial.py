r"""Partial and semi-partial similarity: what a model has in common with a region beyond controls.

A similarity that is an inner product of vectors (every correlation and cosine of RDMs, plain,
ranked or whitened) lets controls be projected out of both vectors. With :math:`G` the similarities
of everything with everything and :math:`c` the controls, what is left of the inner products is

.. math:: R = G - G_{\cdot c} G_{cc}^{+} G_{c \cdot},

so that the partial similarity is :math:`R_{yx} / \sqrt{R_{yy} R_{xx}}` and the semi-partial one,
with the controls taken out of the model alone, :math:`R_{yx} / \sqrt{G_{yy} R_{xx}}`, whose square
is the share of the region's variance that the model adds. These are the correlations of residuals
of regressions, for ranks of regressions between ranks. Collinear controls span less, which the
pseudo-inverse takes care of.

The p is of a two-sided t-test against 0, with the standard error of the bootstrap, so nothing is
shuffled and what model and controls have in common stays as it is. A measure that is positive by
chance, such as a cosine, leaves something positive when controls are gone: it has no p here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.explain.material import Drawn, Material, Roles, Similarities
from isomorph.inference.explain.splits import Indices
from isomorph.measures import Floats

RANK = 1e-10
"""Share of the largest eigenvalue below which controls are collinear."""

NOTHING = 1e-8
"""Share of a squared length below which nothing is left of a vector."""

STATISTICS = ("plain", "partial", "semi_partial")

LIMITS = (-1.0, 1.0)
"""What each of them can be."""

HELD_WHOLLY = "the controls hold all of the model, nothing is left to compare"


def left_over(gram: Floats, kept: Indices, given: Indices) -> Floats:
    """Return the inner products of what is left of vectors once others are projected out.

    Parameters
    ----------
    gram : (..., row, row)
        Inner products; NaN where undefined.
    kept, given : (kept,), (given,)
        Rows.

    Returns
    -------
    (..., kept, kept)
    """
    inside = gram[..., kept[:, None], kept]
    if not len(given):
        return inside
    outer = gram[..., kept[:, None], given]
    among = gram[..., given[:, None], given]
    known = np.asarray(np.isfinite(among).all(axis=(-2, -1)))[..., None, None]
    inverse = np.linalg.pinv(np.where(known, among, 0.0), rcond=RANK, hermitian=True)
    left: Floats = inside - outer @ inverse @ np.swapaxes(outer, -1, -2)
    return np.where(known, left, np.nan)


def partials(gram: Floats, brains: Indices, models: Indices, controls: Indices) -> Floats:
    """Return plain, partial and semi-partial similarities.

    Parameters
    ----------
    gram : (..., row, row)
        Similarities of everything with everything.
    brains, models, controls : (brain,), (model,), (control,)
        Rows.

    Returns
    -------
    (..., brain, model, statistic)
        In the order of `STATISTICS`; NaN where the controls leave nothing of a vector.
    """
    kept = np.concatenate([brains, models])
    n = len(brains)
    whole = gram[..., kept, kept]
    left = left_over(gram, kept, controls)
    lengths = np.diagonal(left, axis1=-2, axis2=-1)
    lengths = np.where(lengths > NOTHING * whole, lengths, np.nan)
    brain_left, model_left = lengths[..., :n, None], lengths[..., None, n:]
    brain_whole, model_whole = whole[..., :n, None], whole[..., None, n:]
    crossed = left[..., :n, n:]
    plain = gram[..., brains[:, None], models]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack(
            [
                plain / np.sqrt(brain_whole * model_whole),
                crossed / np.sqrt(brain_left * model_left),
                crossed / np.sqrt(brain_whole * model_left),
            ],
            axis=-1,
        )


def partial_rows(found: Similarities, roles: Roles, drawn: Drawn) -> pd.DataFrame:
    """Return what each model has in common with each region beyond the controls.

    With several layers to choose from, the layer is chosen by its plain similarity on one half of
    the stimuli and scored on the other, and the estimate is the mean over halves. The spread is
    that of the layer chosen most often, on all stimuli.

    Parameters
    ----------
    found : Similarities
    roles : Roles
    drawn : Drawn

    Returns
    -------
    DataFrame
        A row per region, model (and layer, where all are asked for) and statistic.
    """
    material = found.material
    plans = [plan for region in material.regions for plan in _plans(found, roles, region.name)]
    sound = [plan for plan in plans if "layer" in plan]
    rows: list[dict[str, Any]] = []
    for controls in {tuple(plan["controls"]): None for plan in sound}:
        # One projection serves every region and every model that has these controls.
        sharing = [plan for plan in sound if tuple(plan["controls"]) == controls]
        layers = np.unique([plan["layer"] for plan in sharing])
        in_draws = partials(
            drawn.gram, np.arange(found.n_subjects), drawn.rows(layers), drawn.rows(controls)
        )
        for plan in sharing:
            brains = material.rows[plan["region"]]
            own = in_draws[:, brains, int(np.searchsorted(layers, plan["layer"]))]
            rows += _scored(found, plan, own)
    for plan in plans:
        if "layer" not in plan:
            rows += _empty(material, plan)
    return _in_order(pd.DataFrame(rows), material, roles)


def _in_order(rows: pd.DataFrame, material: Material, roles: Roles) -> pd.DataFrame:
    """Return rows by region and model, as these are named."""
    if rows.empty:
        return rows
    regions, models = list(material.rows), list(roles.models)
    order = rows["region"].map(regions.index) * len(models) + rows["model"].map(models.index)
    return rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _plans(found: Similarities, roles: Roles, region: str) -> list[dict[str, Any]]:
    """Return which layer stands against which controls, or why none can."""
    material = found.material
    every = material.inference.explain.layers == "all"
    plans: list[dict[str, Any]] = []
    for model in roles.models:
        if model not in material.layers:
            continue
        held = [name for name in roles.controls if name != model and name in material.layers]
        controls = np.concatenate(
            [np.array([], dtype=np.intp)] + [material.layers[name] for name in held]
        )
        base = {
            "region": region,
            "model": model,
            "held": "; ".join(held),
            "controls": controls,
        }
        own = material.layers[model]
        if every:
            plans += [{**base, "layer": int(one), "share": np.nan, "choices": []} for one in own]
            continue
        chosen = found.choose(region, own)
        if isinstance(chosen, str):
            plans.append({**base, "why": chosen})
            continue
        choices, layer, share = chosen
        nested = choices if len(own) > 1 else []
        plans.append({**base, "layer": layer, "share": share, "choices": nested})
    return plans


def _scored(found: Similarities, plan: dict[str, Any], in_draws: Floats) -> list[dict[str, Any]]:
    """Return the rows of one plan; `in_draws` is `(resample, subject, statistic)`."""
    material, region = found.material, plan["region"]
    brains = np.arange(found.n_subjects)[material.rows[region]]
    controls = found.candidate_rows(plan["controls"])

    def at(gram: Floats, layer: int) -> Floats:
        """Return `(subject, statistic)`."""
        row = found.candidate_rows(np.array([layer]))
        return partials(gram, brains, row, controls)[..., 0, :]

    whole = at(found.whole, plan["layer"])
    nested = [at(found.scored[half], layer) for half, layer in enumerate(plan["choices"])]
    estimate = (np.mean(nested, axis=0) if nested else whole).mean(axis=0)
    spread = material.spread(region, whole, in_draws, LIMITS)
    low, high = spread.interval(estimate, material.inference.interval, LIMITS)
    p = spread.two_sided_p(estimate)
    if found.measure.independence != "0":
        p = np.full_like(p, np.nan)
    usable = np.isfinite(in_draws).all(axis=1).sum(axis=0)
    rows = []
    for number, statistic in enumerate(STATISTICS):
        sound = bool(np.isfinite(estimate[number]) and 2 * usable[number] > len(in_draws))
        rows.append(
            {
                **_columns(material, plan),
                "layer": material.layer_name(plan["layer"]),
                "chosen_share": plan["share"],
                "statistic": statistic,
                "estimate": estimate[number],
                "standard_error": spread.standard_error[number] if sound else np.nan,
                "interval_low": low[number] if sound else np.nan,
                "interval_high": high[number] if sound else np.nan,
                "scheme": spread.scheme,
                "p": p[number] if sound else np.nan,
                "n_resamples": int(usable[number]),
                "status": _status(estimate[number], sound),
            }
        )
    return rows


def _status(estimate: float, sound: bool) -> str:
    if not np.isfinite(estimate):
        return HELD_WHOLLY
    return "ok" if sound else "half of the resamples or more are degenerate"


def _empty(material: Material, plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**_columns(material, plan), "layer": "", "scheme": "", "statistic": statistic,
         "n_resamples": 0, "status": plan["why"]}
        for statistic in STATISTICS
    ]  # fmt: skip


def _columns(material: Material, plan: dict[str, Any]) -> dict[str, Any]:
    return {
        **material.columns,
        "region": plan["region"],
        "model": plan["model"],
        "controls": plan["held"],
        "n_controls": len(plan["controls"]),
        "n_stimuli": material.n_stimuli,
        "n_subjects": material.rows[plan["region"]].stop - material.rows[plan["region"]].start,
    }
