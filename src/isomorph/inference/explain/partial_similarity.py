r"""Partial and semi-partial similarity: what a model has in common with a region beyond controls.

A similarity that is an inner product of vectors (every correlation and cosine of RDMs, plain,
ranked or whitened) lets controls be projected out of both vectors. With :math:`G` the similarities
of everything with everything and :math:`c` the controls, the inner products of the residuals are

.. math:: R = G - G_{\cdot c} G_{cc}^{+} G_{c \cdot},

so that the partial similarity is :math:`R_{yx} / \sqrt{R_{yy} R_{xx}}` and the semi-partial one,
with the controls taken out of the model alone, :math:`R_{yx} / \sqrt{G_{yy} R_{xx}}`, whose square
is the share of the region's variance that the model adds. These are the correlations of residuals
of regressions, for ranks of regressions between ranks. Collinear controls span less, which the
pseudo-inverse takes care of.

The p is of a two-sided t-test against 0, with the standard error of the bootstrap, so nothing is
shuffled and what model and controls have in common stays as it is. Layers are chosen again in every
resample, by their plain similarity: layers that are about equally similar to a region may differ in
what they share with the controls. A measure that is positive by chance, such as a cosine, leaves
something positive when controls are gone: it has no p here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.estimated import Row, RowStatus
from isomorph.inference.explain.layer_choice import LayerChoice
from isomorph.inference.explain.material import Material, Roles, no_estimate
from isomorph.inference.explain.similarities import Drawn, Similarities
from isomorph.inference.ties import NONE, Indices
from isomorph.measures import Floats

RANK = 1e-10
"""Share of the largest eigenvalue below which controls are collinear."""

NOTHING = 1e-8
"""Share of a squared length below which nothing is left of a vector."""

STATISTICS = ("plain", "partial", "semi_partial")

LIMITS = (-1.0, 1.0)
"""What each of them can be."""

NOTHING_HELD = "no other model is among the controls, so nothing is held constant"
HELD_WHOLLY = "the controls hold all of the model, no residual is left to compare"


def residuals(gram: Floats, kept: Indices, given: Indices) -> Floats:
    """Return the inner products of the residuals of vectors once others are projected out.

    Parameters
    ----------
    gram : array of shape (..., row, row)
        Inner products; NaN where undefined.
    kept, given : arrays of shapes (kept,) and (given,)
        Rows.

    Returns
    -------
    array of shape (..., kept, kept)
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
    gram : array of shape (..., row, row)
        Similarities of everything with everything.
    brains, models, controls : arrays of shapes (brain,), (model,) and (control,)
        Rows.

    Returns
    -------
    array of shape (..., brain, model, statistic)
        In the order of `STATISTICS`; NaN where the controls leave nothing of a vector.
    """
    kept = np.concatenate([brains, models])
    n = len(brains)
    whole = gram[..., kept, kept]
    left = residuals(gram, kept, controls)
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
    the stimuli and scored on the other, and the estimate is the mean over halves.

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
    plans = [plan for region in material.regions for plan in _plans(found, roles, region.label)]
    sound = [plan for plan in plans if "choice" in plan]
    rows: list[Row] = []
    for controls in {tuple(plan["controls"]): None for plan in sound}:
        # One projection serves every region and every model that has these controls.
        sharing = [plan for plan in sound if tuple(plan["controls"]) == controls]
        layers = np.unique(np.concatenate([plan["choice"].ever for plan in sharing]))
        brains, held = np.arange(found.n_subjects), found.candidate_rows(controls)
        whole = partials(found.whole, brains, found.candidate_rows(layers), held)
        in_draws = partials(drawn.gram, brains, drawn.rows(layers), drawn.rows(controls))
        for plan in sharing:
            rows += _scored(found, plan, layers, whole[None], in_draws)
    for plan in plans:
        if "choice" not in plan:
            rows += _empty(material, plan)
    return _in_order(pd.DataFrame(rows), material, roles)


def _in_order(rows: pd.DataFrame, material: Material, roles: Roles) -> pd.DataFrame:
    """Return rows by region and model, as these are named."""
    if rows.empty:
        return rows
    regions, models = list(material.rows), list(roles.models)
    order = rows.pop("of").map(regions.index) * len(models) + rows["model"].map(models.index)
    return rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _plans(found: Similarities, roles: Roles, region: str) -> list[dict[str, Any]]:
    """Return which layer stands against which controls, or why none can."""
    material = found.material
    every = material.setting.inference.explain.layers == "all"
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
        if every:
            plans += [
                {**base, "choice": material.choose(found.choosing, region, one[None]),
                 "share": np.nan}
                for one in material.layers[model]
            ]  # fmt: skip
            continue
        chosen = found.choose(region, model)
        if isinstance(chosen, str):
            plans.append({**base, "why": chosen})
        else:
            plans.append({**base, "choice": chosen, "share": chosen.favourite[1]})
    return plans


def _scored(
    found: Similarities, plan: dict[str, Any], layers: Indices, whole: Floats, drawn: Floats
) -> list[Row]:
    """Return the rows of one plan.

    Parameters
    ----------
    found : Similarities
    plan : dict
    layers : array of shape (layer,)
        Candidates, in rising order.
    whole, drawn : arrays of shape (1 or resample, subject, layer, statistic)
        On all stimuli, and in resamples.
    """
    material, region = found.material, plan["region"]
    brains = np.arange(found.n_subjects)[material.rows[region]]
    choice: LayerChoice = plan["choice"]

    def at(values: Floats, chosen: Indices) -> Floats:
        """Return `(resample, subject, statistic)`, NaN where no layer was chosen."""
        place = np.searchsorted(layers, chosen)[:, None, :, None]  # of none: any
        own = np.take_along_axis(values[:, brains], place, axis=2)[:, :, 0]
        return np.where(chosen[..., None] == NONE, np.nan, own)

    nested = None
    if choice.alone:
        estimate = whole[0, brains, int(np.searchsorted(layers, choice.halves[0]))].mean(axis=0)
    else:
        controls = found.candidate_rows(plan["controls"])
        nested = np.array(
            [
                partials(gram, brains, found.candidate_rows([layer]), controls)[:, 0].mean(axis=0)
                for gram, layer in zip(found.scored, choice.halves, strict=True)
            ]
        )
        estimate = nested.mean(axis=0)
    resampled = material.choices_resampled(
        region, [choice], lambda chosen: at(drawn, chosen), lambda chosen: at(whole, chosen)
    )
    told = material.told(estimate, resampled, LIMITS, found.no_p, nested)
    rows = [
        {
            **_columns(material, plan),
            "layer": material.layer_name(choice.favourite[0]),
            "chosen_share": plan["share"],
            "statistic": statistic,
            "estimate": estimate[number],
            **told[number],
        }
        for number, statistic in enumerate(STATISTICS)
    ]
    if not len(plan["controls"]):
        plain, *beyond = rows
        kept = ("layer", "chosen_share", "statistic")
        return [
            plain,
            *(
                {**_columns(material, plan), **{name: row[name] for name in kept},
                 **no_estimate(NOTHING_HELD)}
                for row in beyond
            ),
        ]  # fmt: skip
    held = {"status": RowStatus.UNDEFINED, "reason": HELD_WHOLLY}
    return [row if np.isfinite(row["estimate"]) else {**row, **held} for row in rows]


def _empty(material: Material, plan: dict[str, Any]) -> list[Row]:
    return [
        {**_columns(material, plan), "layer": "", "statistic": statistic,
         **no_estimate(plan["why"])}
        for statistic in STATISTICS
    ]  # fmt: skip


def _columns(material: Material, plan: dict[str, Any]) -> Row:
    return {
        "of": plan["region"],
        **material.columns(plan["region"]),
        "model": plan["model"],
        "controls": plan["held"],
        "n_controls": len(plan["controls"]),
    }
