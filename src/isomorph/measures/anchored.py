"""Stimuli told by their likeness to others, the anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.measures.pairs import Floats, squareform
from isomorph.measures.stack import Stack

Indices = NDArray[np.intp]
Draw = tuple[Indices, Indices]
"""Anchors, and the stimuli left."""

KEPT = 2**24
"""Numbers that are kept beside a stack at most (128 MiB)."""

DRAWS = 20
"""Times that anchors are drawn; a value is the mean over draws."""
SEED = 0
"""What anchors are drawn by."""
FEWEST_ANCHORS = 3
"""Of two, standardised coordinates are 1 and -1 whatever the stimulus."""

ROUNDING = 1e-9
"""Share of the largest likeness below which differences between likenesses are rounding."""


def _cosine(x: Floats, anchors: Floats) -> Floats:
    own, other = (np.linalg.norm(one, axis=1, keepdims=True) for one in (x, anchors))
    unit = x / np.where(own > 0, own, 1.0)
    cosines: Floats = unit @ (anchors / np.where(other > 0, other, 1.0)).T
    return cosines


def _far(metric: str) -> Callable[[Floats, Floats], Floats]:
    def distances(x: Floats, anchors: Floats) -> Floats:
        from scipy.spatial.distance import cdist

        found: Floats = cdist(x, anchors, metric)
        return found

    return distances


KINDS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "cosine": _cosine,
    "l2": _far("euclidean"),
    "l1": _far("cityblock"),
    "linf": _far("chebyshev"),
}
"""Likeness of stimuli to anchors; the last three are distances, as in the papers."""


def relative(x: Floats, anchors: Floats, kind: str) -> Floats:
    """Return relative representations: what stimuli are to anchors.

    As in Moschella et al. (2023, https://arxiv.org/abs/2209.15430) for the cosine, and Cannistraci
    et al. (2024, https://arxiv.org/abs/2310.01211) for the distances; features are taken as they
    are, neither centred nor scaled.

    Parameters
    ----------
    x : array of shape (stimulus, feature)
    anchors : array of shape (anchor, feature)
    kind : str
        `cosine`, `l2`, `l1` or `linf`.

    Returns
    -------
    array of shape (stimulus, anchor)
        A pattern of zeros has the cosine 0 with every other.

    Raises
    ------
    IsomorphError
        For another kind.
    """
    if kind not in KINDS:
        raise IsomorphError(f'no relative representation "{kind}", {did_you_mean(kind, KINDS)}')
    return KINDS[kind](np.asarray(x, dtype=float), np.asarray(anchors, dtype=float))


def standardised(coordinates: Floats) -> Floats:
    """Return relative representations `(..., anchor)` of mean 0 and length 1 over the anchors.

    Each stimulus by itself, as the layer normalisation that Cannistraci et al. (2024) put on every
    space before they join several; the cosine of two such vectors is a correlation over anchors.
    Zeros where a stimulus is the same to all anchors, which tells nothing of it.
    """
    return _standardised(coordinates.copy())[0]


def _standardised(vectors: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Standardise in place, see `standardised`, and tell which are not the same to all anchors."""
    largest = np.maximum(vectors.max(axis=-1, initial=0.0), -vectors.min(axis=-1, initial=0.0))
    vectors -= vectors.mean(axis=-1, keepdims=True)
    length = np.sqrt(np.einsum("...a,...a->...", vectors, vectors))
    with np.errstate(invalid="ignore"):
        same = length <= ROUNDING * largest
    vectors *= np.where(same, 0.0, 1 / np.where(same, 1.0, length))[..., None]
    return vectors, ~same


@lru_cache(maxsize=64)
def drawn_anchors(
    n_stimuli: int, share: float, draws: int = DRAWS, seed: int = SEED
) -> tuple[Draw, ...]:
    """Return draws of anchors and of the stimuli left, each as indices.

    Parameters
    ----------
    n_stimuli : int
    share : float
        Part of the stimuli that are anchors, rounded up.
    draws, seed : int

    Returns
    -------
    tuple of (anchors, others)
        None where there would be fewer than `FEWEST_ANCHORS`, or no others.
    """
    n_anchors = int(np.ceil(share * n_stimuli - 1e-9))
    if n_anchors < FEWEST_ANCHORS or n_anchors >= n_stimuli:
        return ()
    rng = np.random.default_rng([seed, n_stimuli])
    orders = [rng.permutation(n_stimuli) for _ in range(draws)]
    return tuple((np.sort(one[:n_anchors]), np.sort(one[n_anchors:])) for one in orders)


def likenesses(stack: Stack, kind: str, *, features: bool) -> Floats:
    """Return what every stimulus is to every other: `(representation, n, n)`.

    Parameters
    ----------
    stack : Stack
    kind : str
        See `relative`. Cosines are of patterns less the mean over all stimuli, which an RDM alone
        tells, and which makes them the same wherever the origin is.
    features : bool
        Whether from the features, else from RDMs of squared distances: `cosine` and `l2` alone.
    """
    if kind in {"l1", "linf"}:
        return stack.between(kind, lambda: _distances(stack, kind))
    if features:
        squares = stack.between("l2", lambda: _distances(stack, "l2")) ** 2
    else:
        squares = squareform(stack.rdms, stack.n_stimuli)
    if kind == "l2":
        return _root(squares)
    squares = squares - squares.mean(axis=2, keepdims=True)
    grams = (squares.mean(axis=1, keepdims=True) - squares) / 2
    lengths = _root(np.einsum("rnn->rn", grams))
    # A stimulus that is the mean of all, but for rounding, has no direction.
    there = lengths > 1e-7 * lengths.max(axis=1, keepdims=True)
    unit = np.where(there, 1 / np.where(there, lengths, 1.0), np.where(lengths >= 0, 0.0, np.nan))
    cosines: Floats = grams * unit[:, :, None] * unit[:, None, :]
    return cosines


def coordinates(
    stack: Stack, kinds: tuple[str, ...], share: float, *, features: bool
) -> Iterable[Floats]:
    """Return, for each draw of anchors, standardised coordinates of the other stimuli.

    `(representation, kind, stimulus, anchor)`, of length 1 over kinds and anchors together; NaN for
    a representation that no coordinates tell anything of, or that has none. They are kept with the
    stack where they are few.
    """
    drawn = drawn_anchors(stack.n_stimuli, share)
    size = sum(len(anchors) * len(others) for anchors, others in drawn)
    if len(stack) * len(kinds) * size > KEPT:
        spaces = [likenesses(stack, kind, features=features) for kind in kinds]
        return (_coordinates(spaces, [one])[0] for one in drawn)

    def made() -> Floats | tuple[()]:
        spaces = [likenesses(stack, kind, features=features) for kind in kinds]
        return _coordinates(spaces, drawn) if drawn else ()

    return stack.derived(("coordinates", kinds, share, features), made)


def _coordinates(spaces: Sequence[Floats], drawn: Sequence[Draw]) -> Floats:
    """Return coordinates `(draw, representation, kind, stimulus, anchor)`, see `coordinates`."""
    anchors, others = (np.stack(one) for one in zip(*drawn, strict=True))
    shape = len(drawn), len(spaces[0]), len(spaces), others.shape[1], anchors.shape[1]
    found, telling = np.empty(shape), np.empty(shape[:-1], dtype=bool)
    # A space at a time, which is no more than is near the processor.
    for kind, every in enumerate(spaces):
        for at, space in enumerate(every):
            found[:, at, kind], telling[:, at, kind] = _standardised(
                space[others[:, :, None], anchors[:, None]]
            )
    if len(spaces) > 1:
        # Of several kinds each has length 1, but where it tells nothing.
        found /= np.sqrt(np.maximum(telling.sum(axis=2, keepdims=True), 1))[..., None]
    found[~telling.any(axis=(2, 3))] = np.nan
    return found


def _distances(stack: Stack, kind: str) -> Floats:
    return np.stack([relative(x, x, kind) for x in stack.fact("features")])


def _root(squares: Floats) -> Floats:
    """Return roots, NaN of what is below 0 by more than rounding."""
    least = -1e-10 * squares.max(axis=-1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore"):
        roots: Floats = np.where(squares >= least, np.sqrt(np.maximum(squares, 0.0)), np.nan)
    return roots
