r"""The shape family: how far two representations are apart once one is rotated onto the other."""

from __future__ import annotations

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import OfRoots
from isomorph.measures.pairs import Floats
from isomorph.measures.rsa import pool_standardised


class ProcrustesForm(OfRoots):
    """The nuclear norm of the cross-covariance of centred features of norm 1."""

    def of_roots(self, first: Floats, second: Floats) -> Floats:
        """Compare centred features `(a, n, p)` with `(b, n, q)`: `(a, b)`, from 0 to 1."""
        x, y = (one / np.linalg.norm(one, axis=(1, 2), keepdims=True) for one in (first, second))
        cross = np.einsum("anp,bnq->abpq", x, y, optimize=True)
        norm: Floats = np.linalg.svd(cross, compute_uv=False).sum(axis=-1)
        return norm


PROCRUSTES = Measure(
    name="procrustes",
    title="Procrustes similarity",
    family="shape",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: some rotation aligns any two",
    citation="Ding et al. 2021, https://arxiv.org/abs/2108.01661",
    form=ProcrustesForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
)
