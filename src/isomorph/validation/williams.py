"""Which dissimilarities are distances: whether a detour can be shorter than the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.measures import Floats
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import alike


def excess(distances: Floats) -> float:
    """Return by how much the way is longer than the best detour, at most: 0 of a metric.

    Parameters
    ----------
    distances : array of shape (a, a)
    """
    detours = (distances[:, :, None] + distances[None]).min(axis=1)
    return float((distances - detours).max())


def redone() -> Mapping[str, float]:
    """Return the excess of three dissimilarities over 90 representations.

    Two have nothing in common and a third is both of them side by side; the others mix them in
    different shares with noise.
    """
    rng = np.random.default_rng(0)
    # Eight orthogonal patterns over the stimuli, none with a mean.
    patterns = np.linalg.qr(np.column_stack([np.ones(30), rng.standard_normal((30, 8))]))[0][:, 1:]
    one, other = patterns[:, :4], patterns[:, 4:]
    mixed = [
        np.concatenate([share * one, (1 - share) * other], axis=1)
        + spread * rng.standard_normal((30, 8))
        for spread in (0.0, 0.03, 0.1)
        for share in np.linspace(0, 1, 29)
    ]
    known = [one, other, np.concatenate([one, other], axis=1), *mixed]
    cka = np.clip(alike("cka_biased", known, known), -1, 1)
    nuclear = np.clip(alike("procrustes", known, known), -1, 1)
    return {
        "cka": excess(1 - cka),
        "cka_angle": excess(np.arccos(cka)),
        "procrustes_angle": excess(np.arccos(nuclear)),
    }


CLAIM = Claim(
    name="williams2021",
    source="Williams et al. 2021, https://arxiv.org/abs/2110.14739",
    says=(
        "Distances between networks should obey the triangle inequality, or clustering and "
        "embedding them makes no sense. The angles of CKA and of Procrustes do, 1 less CKA does "
        "not."
    ),
    what="triangle inequality among 90 representations: way less shortest detour, at most",
    figures=(
        Figure("cka", "1 - CKA", "above 0: fails", low=0.1),
        Figure("cka_angle", "arccos CKA", "0: holds", high=1e-6),
        Figure("procrustes_angle", "angle of Procrustes", "0: holds", high=1e-6),
    ),
    redone=redone,
    quick=True,
)
