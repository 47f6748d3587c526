"""Stacks of ready RDMs: their shape told and their values checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray

TOLERANCE = 1e-6
"""Asymmetry and diagonal allowed, relative to the largest dissimilarity."""


def condensed(stack: Array, n_stimuli: int, where: str) -> Array:
    """Check RDMs and return their upper triangles.

    Parameters
    ----------
    stack : ndarray (..., stimulus, stimulus) or (..., pair)
        Square RDMs, or upper triangles row by row, as MATLAB's `pdist` and scipy write them.
    n_stimuli : int
        Number of stimuli, which tells the two apart.
    where : str
        File and variable, for messages.

    Returns
    -------
    ndarray (..., pair)

    Raises
    ------
    IsomorphError
        When a value is not finite or negative, or a square is not an RDM.
    """
    bad = stack.size - int(np.isfinite(stack).sum())
    if bad:
        raise IsomorphError(f"{where}: holds {bad} values that are not finite")
    allowed = TOLERANCE * float(np.abs(stack).max(initial=0.0))
    if float(stack.min(initial=0.0)) < -allowed:
        raise IsomorphError(
            f"{where}: holds {float(stack.min()):g}, expected dissimilarities, none below zero"
        )
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    if stack.shape[-2:] != (n_stimuli, n_stimuli):
        assert stack.shape[-1] == n_pairs
        return stack
    diagonal = float(np.abs(np.diagonal(stack, axis1=-2, axis2=-1)).max())
    if diagonal > allowed:
        raise IsomorphError(
            f"{where}: has {diagonal:g} on its diagonal, expected 0; are these similarities?"
        )
    asymmetry = float(np.abs(stack - np.swapaxes(stack, -1, -2)).max())
    if asymmetry > allowed:
        raise IsomorphError(
            f"{where}: is not symmetric, two sides differ by {asymmetry:g}; expected one "
            "dissimilarity per pair"
        )
    a, b = np.triu_indices(n_stimuli, k=1)
    return stack[..., a, b]


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
    values: Array, outer: tuple[int, int], n_stimuli: int, where: str, table: str
) -> Array:
    """Bring RDMs into one array with subjects and sessions first.

    Parameters
    ----------
    values : ndarray
        RDMs of some subjects and sessions, as squares or as upper triangles.
    outer : (subjects, sessions)
        How many there should be.
    n_stimuli : int
        Which, with `outer`, tells squares from triangles.
    where, table : str
        The variable and the stimulus table, for messages.

    Returns
    -------
    ndarray (subject, session, stimulus, stimulus) or (subject, session, pair)

    Raises
    ------
    IsomorphError
        When there are other numbers of stimuli, subjects or sessions.
    """
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    for inner in ((n_stimuli, n_stimuli), (n_pairs,)):
        depth = values.ndim - len(inner)
        if depth < 0 or values.shape[depth:] != inner:
            continue
        # One subject or one session has no axis of its own, or one of length one.
        if [n for n in values.shape[:depth] if n > 1] == [n for n in outer if n > 1]:
            return values.reshape(*outer, *inner)
    last = values.shape[-2:] if len(set(values.shape[-2:])) == 1 else values.shape[-1:]
    if last not in ((n_stimuli, n_stimuli), (n_pairs,)):
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
