"""Sums over the pairs of resamples, many resamples and RDMs at once."""

from __future__ import annotations

import numpy as np

from isomorph.measures.pairs import Floats, blocks, pair_indices, pair_weights, squareform

BLOCK = 2**24
"""Numbers held at once by a temporary array (128 MiB of float64)."""


def weighted_moments(
    first: Floats, second: Floats, counts: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return weighted sums over pairs: of 1, of each RDM, of each square, of each product.

    Shapes `(resample,)`, `(resample, a + b)`, `(resample, a + b)`, `(resample, a, b)`; a GEMM
    per block of pairs.
    """
    both = np.concatenate([first, second])
    n_first, n_second = len(first), len(second)
    features = 1 + 2 * len(both) + n_first * n_second
    totals = np.zeros((len(counts), features))
    for part in blocks(both.shape[1], BLOCK // (features + len(counts))):
        x, y = first[:, part], second[:, part]
        products = (x[:, None, :] * y[None, :, :]).reshape(n_first * n_second, -1)
        rows = np.concatenate(
            [np.ones((1, x.shape[1])), both[:, part], both[:, part] ** 2, products]
        )
        totals += pair_weights(counts, part) @ rows.T
    ends = np.cumsum([1, len(both), len(both)])
    total, sums, squares, cross = np.split(totals, ends, axis=1)
    return total[:, 0], sums, squares, cross.reshape(-1, n_first, n_second)


def moments_of_few(
    rdms: Floats, counts: Floats, n_first: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return what `weighted_moments` does, where each resample has few stimuli of its own.

    Parameters
    ----------
    rdms : array of shape (resample, rdm, pair)
        The first representations, then the second; pairs of the resample's stimuli.
    counts : array of shape (resample, stimulus)
    n_first : int
    """
    weights = pair_weights(counts)
    weighted = rdms * weights[:, None, :]
    cross = weighted[:, :n_first] @ rdms[:, n_first:].transpose(0, 2, 1)
    squares = np.einsum("rkp,rkp->rk", weighted, rdms)
    return weights.sum(axis=1), weighted.sum(axis=2), squares, cross


def stimulus_sums(rdms: Floats, counts: Floats) -> Floats:
    """Return `sum_j m_j d_ij`: `(resample, rdm, stimulus)`."""
    n_stimuli = counts.shape[1]
    if rdms.ndim == 3:
        first, second = pair_indices(n_stimuli)
        member = np.eye(n_stimuli)
        sums: Floats = (rdms * counts[:, None, second]) @ member[first]
        sums += (rdms * counts[:, None, first]) @ member[second]
        return sums
    square = squareform(rdms, n_stimuli)
    flat = counts @ square.transpose(1, 0, 2).reshape(n_stimuli, -1)
    return flat.reshape(len(counts), len(rdms), n_stimuli)
