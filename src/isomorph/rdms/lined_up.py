"""RDMs over the same stimuli in the same order: aligned by name, or refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.rdms.unnamed import AS_SHOWN, UNNAMED


def names_of(data: xr.Dataset) -> list[str] | None:
    """Return the stimuli of RDMs by name, None where nobody named them."""
    return None if UNNAMED in data.attrs else list(map(str, data["stimulus"].values.tolist()))


def over(data: xr.Dataset, stimuli: Sequence[str], what: str, others: str) -> xr.Dataset:
    """Return RDMs over some stimuli in their order.

    Parameters
    ----------
    data : Dataset
        RDMs, or something else that has stimuli and no pairs. Where nobody named its stimuli, these
        are taken to stand in the order of the others.
    stimuli : sequence of str
        The stimuli of the others.
    what, others : str
        Whose RDMs these and the others are, for the message.

    Raises
    ------
    IsomorphError
        When they are over different stimuli, or nobody can tell the order of theirs.
    """
    own = names_of(data)
    if own is None:
        if data.sizes["stimulus"] != len(stimuli):
            raise IsomorphError(
                f"{what} has {data.sizes['stimulus']} stimuli and {others} {len(stimuli)}; "
                "expected the same stimuli in the same order"
            )
        counted = [str(number) for number in range(len(stimuli))]
        if list(stimuli) != counted and set(stimuli) == set(counted):
            raise IsomorphError(
                f"{what} does not name its stimuli, and {others} numbers them in another order "
                "than that of the numbers; name those of either side"
            )
        named = _renamed(data, stimuli)
        named.attrs.pop(UNNAMED)
        return named
    if own == list(stimuli):
        return data
    if strangers := sorted(set(own) ^ set(stimuli)):
        here = [name for name in strangers if name in set(own)]
        where, there = (what, others) if here else (others, what)
        example = (here or strangers)[0]
        raise IsomorphError(
            f"{what} and {others} are over different stimuli, {len(own)} and {len(stimuli)}: "
            f'"{example}" of {where} is not among those of {there}; expected the same ones'
        )
    place = {name: at for at, name in enumerate(own)}
    order = [place[name] for name in stimuli]
    placed = data.isel(stimulus=order)
    if "pair" in data.dims:
        placed = placed.isel(pair=_pairs(order))
    return _renamed(placed, stimuli)


def refuse_unnamed(data: Sequence[xr.Dataset], what: Sequence[str]) -> None:
    """Refuse RDMs without names beside those of a recording, whose order is an accident.

    Parameters
    ----------
    data : sequence of Dataset
        All RDMs that are to be lined up.
    what : sequence of str
        Whose each are, for the message.

    Raises
    ------
    IsomorphError
        Unless the recording's stimuli stand in the order of their names.
    """
    named = next((at for at, one in enumerate(data) if names_of(one) is not None), None)
    without = next((at for at, one in enumerate(data) if names_of(one) is None), None)
    if named is None or without is None or AS_SHOWN not in data[named].attrs:
        return
    names = names_of(data[named]) or []
    if names != sorted(names):
        raise IsomorphError(
            f"{what[without]} does not name its stimuli, and those of {what[named]} stand in the "
            f"order in which they were first shown, {', '.join(names[:3])}, …; name them, as in "
            "isomorph.rdm(..., stimuli=[...])"
        )


def _pairs(order: Sequence[int]) -> NDArray[np.intp]:
    """Return where the pairs of stimuli in a new order stand in the old one."""
    n_stimuli, place = len(order), np.asarray(order)
    first, second = np.triu_indices(n_stimuli, 1)
    low, high = (take(place[first], place[second]) for take in (np.minimum, np.maximum))
    # Rows above hold n - 1, n - 2, ... pairs.
    pairs: NDArray[np.intp] = low * n_stimuli - low * (low + 1) // 2 + high - low - 1
    return pairs


def _renamed(data: xr.Dataset, stimuli: Sequence[str]) -> xr.Dataset:
    """Return RDMs whose stimuli have other names, in the order in which they stand."""
    names = np.asarray(stimuli, dtype=object)
    if "pair" not in data.dims:
        return data.assign_coords(stimulus=names)
    first, second = np.triu_indices(len(names), 1)
    return data.assign_coords(
        stimulus=names, stimulus_a=("pair", names[first]), stimulus_b=("pair", names[second])
    )
