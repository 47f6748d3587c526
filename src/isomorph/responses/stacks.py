"""Stacks of ready RDMs: their shape told and their values checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray

TOLERANCE = 1e-6
"""Asymmetry and diagonal allowed, relative to the largest dissimilarity."""


def condensed(stack: Array, names: Array, where: str, least: float = 0.0) -> Array:
    """Check RDMs and return their upper triangles.

    The diagonal is nothing: 0, or NaN. A square that holds one triangle alone, with nothing but 0
    or NaN in the other, holds each pair once and is read.

    Parameters
    ----------
    stack : array of shape (..., stimulus, stimulus) or (..., pair)
        Square RDMs, or upper triangles row by row, as MATLAB's `pdist` and scipy write them.
    names : array of str of shape (stimulus,)
        The stimuli in the order of the RDMs; their number tells the two apart.
    where : str
        File and variable, for messages.
    least : float, optional
        What a dissimilarity may be at least.

    Returns
    -------
    array of shape (..., pair)

    Raises
    ------
    IsomorphError
        When a pair has no value or one that is too low, or a square is not an RDM.
    """
    n_stimuli = len(names)
    a, b = np.triu_indices(n_stimuli, k=1)
    largest = float(np.abs(stack[np.isfinite(stack)]).max(initial=0.0))
    allowed = TOLERANCE * largest
    if stack.shape[-2:] != (n_stimuli, n_stimuli):
        assert stack.shape[-1] == len(a)
        upper = lower = stack
    else:
        diagonal = np.diagonal(stack, axis1=-2, axis2=-1)
        most = float(np.nan_to_num(np.abs(diagonal), nan=0.0, posinf=np.inf).max())
        if most > allowed:
            raise IsomorphError(
                f"{where}: has {most:g} on its diagonal, expected 0; are these similarities?"
            )
        upper, lower = stack[..., a, b], stack[..., b, a]
        no_upper, no_lower = (
            ((side == 0) | np.isnan(side)).all(axis=-1, keepdims=True) for side in (upper, lower)
        )
        upper, lower = np.where(no_upper, lower, upper), np.where(no_lower, upper, lower)
    bad = ~(np.isfinite(upper) & np.isfinite(lower))
    if bad.any():
        pairs = np.flatnonzero(bad.reshape(-1, len(a)).any(axis=0))
        one, other = int(a[pairs[0]]), int(b[pairs[0]])
        more = f", and so have {len(pairs) - 1:,} other pairs" if len(pairs) > 1 else ""
        raise IsomorphError(
            f'{where}: the pair of "{names[one]}" and "{names[other]}", stimuli {one + 1} and '
            f"{other + 1}, has no finite value{more}; every pair needs one, so leave "
            "out stimuli of pairs without"
        )
    if float(upper.min(initial=0.0)) < least - allowed:
        raise IsomorphError(
            f"{where}: holds {float(upper.min()):g}, expected dissimilarities, none below zero"
        )
    asymmetry = float(np.abs(upper - lower).max(initial=0.0))
    if asymmetry > allowed:
        raise IsomorphError(
            f"{where}: is not symmetric, two sides differ by {asymmetry:g}; expected one "
            "dissimilarity per pair"
        )
    return upper


def reordered(vectors: Array, names: Array, stimuli: Array) -> Array:
    """Bring the pairs of RDMs into the order of the stimulus table.

    Parameters
    ----------
    vectors : array of shape (..., pair)
        Upper triangles row by row.
    names, stimuli : arrays of str of shape (stimulus,)
        The stimuli in the order of the RDMs, and in that of the table.

    Returns
    -------
    array of shape (..., pair)
    """
    n_stimuli = len(stimuli)
    place = {name: at for at, name in enumerate(names.tolist())}
    at = np.array([place[name] for name in stimuli.tolist()])
    a, b = np.triu_indices(n_stimuli, k=1)
    low, high = np.minimum(at[a], at[b]), np.maximum(at[a], at[b])
    # Rows above hold n - 1, n - 2, ... pairs.
    return vectors[..., low * n_stimuli - low * (low + 1) // 2 + high - low - 1]


def at_index(values: Array, index: tuple[int, ...], where: str) -> Array:
    """Return what stands at a leading index of a variable.

    Raises
    ------
    IsomorphError
        When the index lies outside.
    """
    # MATLAB has no arrays below two dimensions: its leading axes of length one carry no meaning.
    while values.dtype.names is not None and values.ndim > len(index) and values.shape[0] == 1:
        values = values[0]
    try:
        return np.asarray(values[index])
    except IndexError:
        raise IsomorphError(
            f"{where}: index {list(index)} lies outside its shape {values.shape}"
        ) from None


def outer_first(
    values: Array, outer: tuple[int, int] | None, n_stimuli: int, where: str, table: str
) -> Array:
    """Bring RDMs into one array with subjects and sessions first.

    Parameters
    ----------
    values : ndarray
        RDMs of some subjects and sessions, as squares or as upper triangles.
    outer : tuple (subjects, sessions) or None
        How many there should be; None where any number may be, along any axes before the RDM's own
        or, of squares, behind them.
    n_stimuli : int
        Which, with `outer`, tells squares from triangles.
    where, table : str
        The variable and the stimulus table, for messages.

    Returns
    -------
    array of shape (subject, session, stimulus, stimulus) or (subject, session, pair)
        With any number of them `(rdm, stimulus, stimulus)` or `(rdm, pair)`.

    Raises
    ------
    IsomorphError
        When there are other numbers of stimuli, subjects or sessions.
    """
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    if values.ndim > 1 and values.shape[-2:] == (n_pairs, 1):
        values = values[..., 0]  # a vector of MATLAB that stands upright
    for inner in ((n_stimuli, n_stimuli), (n_pairs,)):
        depth = values.ndim - len(inner)
        if depth < 0 or values.shape[depth:] != inner:
            continue
        if outer is None:
            return values.reshape(-1, *inner)
        # One subject or one session has no axis of its own, or one of length one.
        if [n for n in values.shape[:depth] if n > 1] == [n for n in outer if n > 1]:
            return values.reshape(*outer, *inner)
    if outer is None and values.ndim == 3 and values.shape[:2] == (n_stimuli, n_stimuli):
        return np.moveaxis(values, 2, 0)
    last = values.shape[-2:] if len(set(values.shape[-2:])) == 1 else values.shape[-1:]
    if outer is None or last not in ((n_stimuli, n_stimuli), (n_pairs,)):
        raise IsomorphError(
            f"{where}: holds RDMs of {_stimuli_in(values.shape)}, expected the {n_stimuli} "
            f"stimuli of {table}"
        )
    raise IsomorphError(
        f"{where}: is of shape {values.shape}, expected {outer[0]} subjects × {outer[1]} sessions "
        f"of {n_stimuli} stimuli"
    )


def _stimuli_in(shape: tuple[int, ...]) -> str:
    """Say how many stimuli an array of RDMs is about, as far as its shape tells."""
    if len(shape) > 1 and shape[-1] == shape[-2]:
        return f"{shape[-1]} stimuli"
    count = round((1 + (1 + 8 * (shape[-1] if shape else 0)) ** 0.5) / 2)
    if shape and count * (count - 1) // 2 == shape[-1]:
        return f"{count} stimuli"
    return f"shape {shape}"
