"""Stretches: parts of something ordered that are long enough to be shifted by themselves."""

from __future__ import annotations

from collections.abc import Iterable


def long_stretches(edges: Iterable[int], n: int, shortest: int) -> list[slice]:
    """Return stretches between edges, of which one that is too short joins the one before.

    Parameters
    ----------
    edges : iterable of int
        Ascending: places before which one stretch ends and another begins.
    n : int
        Places there are.
    shortest : int
        Places a stretch has at least, unless it is the only one.

    Examples
    --------
    >>> from isomorph.stretches import long_stretches
    >>> long_stretches([2, 5, 9], 10, 4)
    [slice(0, 5, None), slice(5, 10, None)]
    """
    starts = [0]
    for edge in edges:
        if edge - starts[-1] >= shortest and n - edge >= shortest:
            starts.append(edge)
    return [slice(*pair) for pair in zip(starts, [*starts[1:], n], strict=True)]
