"""RDMs in an array, a labelled array or rsatoolbox's form, brought to vectors over pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.measures import Floats, stimulus_count
from isomorph.rdms.checked_numbers import numbers
from isomorph.rdms.collection import LEVELS
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.exchange import distance_of
from isomorph.rdms.named import first_twice, index_labels, labels
from isomorph.rdms.taken import MINIMUM_STIMULI
from isomorph.rdms.unnamed import made_up_names
from isomorph.responses.stacks import condensed

UNSPECIFIED = "unspecified"
"""The distance of RDMs of which nobody said it."""

EXPECTED = "RDMs: what isomorph.rdm gives, an array of numbers, or RDMs of rsatoolbox"


@dataclass(frozen=True)
class Vectors:
    """RDMs without a home.

    Attributes
    ----------
    rdms : array of shape (rdm, pair)
    stimuli : list of str or None
        None where nobody named them.
    distance : str
        Empty where nobody said it.
    described : mapping of str to list of str
        What is said of each RDM: `region`, `subject`, `layer`, ...
    """

    rdms: Floats
    stimuli: list[str] | None = None
    distance: str = ""
    described: Mapping[str, list[str]] = field(default_factory=dict)


def vectors_of(given: Any, distance: str, what: str) -> Vectors:
    """Return RDMs as vectors, checked.

    Parameters
    ----------
    given
        An array of shape (pair,), (rdm, pair), (stimulus, stimulus) or
        (rdm, stimulus, stimulus); a table with stimuli as rows and columns; or RDMs of
        rsatoolbox.
    distance : str
        Empty where it is not known.
    what : str
        What they are called in messages.

    Raises
    ------
    IsomorphError
        When the shape is that of no RDM, a pair has no finite value, or a square is not an RDM.
    """
    if type(given).__module__.startswith("rsatoolbox.") and hasattr(given, "get_vectors"):
        return _of_rsatoolbox(given, distance, what)
    if isinstance(given, xr.Dataset):
        raise IsomorphError(
            f"{what}: is a Dataset, which holds RDMs of several layers or regions; take one by its "
            'distance, such as data["correlation"], or give the Dataset as the whole model'
        )
    if isinstance(given, xr.DataArray):
        return _of_labelled(given, distance, what)
    values, stimuli = numbers(given, what, EXPECTED), None
    if isinstance(given, pd.DataFrame) and values.shape[0] == values.shape[1]:
        stimuli = index_labels(given.index, f"{what}: index")
        if stimuli != index_labels(given.columns, f"{what}: columns"):
            raise IsomorphError(
                f"{what}: its rows and columns name different stimuli; expected the same ones "
                "in the same order"
            )
    return Vectors(_upper(values, stimuli, distance, what), stimuli, distance or UNSPECIFIED)


def _of_labelled(given: xr.DataArray, distance: str, what: str) -> Vectors:
    """Return RDMs with what their coordinates say, such as one distance of what `rdm` gave."""
    if given.name in DISTANCES:
        distance = str(given.name)
    pairs, stimuli = "pair" in given.dims, None
    if pairs:
        given = given.transpose(..., "pair")
        if {"stimulus_a", "stimulus_b"} <= set(given.coords):
            stimuli = stimuli_of_pairs(given, what)
            if stimuli == made_up_names(len(stimuli)):
                stimuli = None
    elif "stimulus" in given.coords and given["stimulus"].ndim == 1:
        stimuli = labels(given["stimulus"], f"{what}: stimulus")
    rdms = _upper(numbers(given.values, what, EXPECTED), stimuli, distance, what)
    described = {}
    if given.ndim == (2 if pairs else 3):
        outer = given.dims[0]
        described = {
            name: labels(given[name], f"{what}: {name}")
            for name in (*LEVELS, "layer")
            if name in given.coords and given[name].dims == (outer,)
        }
    return Vectors(rdms, stimuli, distance or UNSPECIFIED, described)


def stimuli_of_pairs(data: xr.DataArray | xr.Dataset, what: str) -> list[str]:
    """Return the stimuli of pairs that say which two each is of, in the order of RDMs.

    Raises
    ------
    IsomorphError
        When these are not all pairs of some stimuli, row by row.
    """
    one, other = (list(map(str, data[f"stimulus_{of}"].values.tolist())) for of in "ab")
    stimuli = list(dict.fromkeys([*one[:1], *other]))
    first, second = np.triu_indices(len(stimuli), 1)
    if (one, other) != ([stimuli[at] for at in first], [stimuli[at] for at in second]):
        raise IsomorphError(
            f"{what}: its pairs are not those of some stimuli row by row; to choose or order "
            "stimuli, give isomorph.rdm(..., stimuli=[...]) those wanted"
        )
    return stimuli


def _upper(values: Floats, stimuli: list[str] | None, distance: str, what: str) -> Floats:
    """Return upper triangles `(rdm, pair)` of whatever shape of array holds RDMs."""
    square = values.ndim >= 2 and values.shape[-1] == values.shape[-2]
    if values.ndim and not values.size:
        raise IsomorphError(f"{what}: is of shape {values.shape}, there are no RDMs")
    if values.ndim > 3 or (values.ndim == 3 and not square) or values.ndim == 0:
        raise IsomorphError(
            f"{what}: is of shape {values.shape}, expected RDMs: (pair,), (rdm, pair), "
            "(stimulus, stimulus) or (rdm, stimulus, stimulus)"
        )
    if square:
        n_stimuli = values.shape[-1]
    else:
        try:
            n_stimuli = stimulus_count(values.shape[-1])
        except IsomorphError as error:
            raise IsomorphError(
                f"{what}: {error}; expected the upper triangles of RDMs, or of responses "
                "(stimulus, unit) what isomorph.rdm gives of them"
            ) from None
    if n_stimuli < MINIMUM_STIMULI:
        raise IsomorphError(
            f"{what}: {n_stimuli} stimuli are too few for a geometry, at least "
            f"{MINIMUM_STIMULI} are needed"
        )
    if stimuli is not None and len(stimuli) != n_stimuli:
        raise IsomorphError(
            f"{what}: names {len(stimuli)} stimuli, and its RDMs are of {n_stimuli}"
        )
    if twice := first_twice(stimuli or ()):
        raise IsomorphError(f'{what}: the stimulus "{twice}" comes twice, expected each once')
    names = np.array(stimuli or made_up_names(n_stimuli), dtype=object)
    # Only cross-validated distances, and those that nobody named, may go below 0.
    least = DISTANCES[distance].range[0] if distance in DISTANCES else -np.inf
    rdms = np.atleast_2d(condensed(values, names, what, least))
    if (rdms < 0).any() and (rdms.max(axis=1) <= 0).any():
        raise IsomorphError(
            f"{what}: holds nothing above 0, expected dissimilarities; are these similarities?"
        )
    flat = np.flatnonzero(np.ptp(rdms, axis=1) == 0)
    if len(flat):
        which = f", RDM {flat[0] + 1} of {len(rdms)}" if len(rdms) > 1 else ""
        raise IsomorphError(
            f"{what}{which}: all distances are equal, there is no geometry to compare"
        )
    return rdms


def _of_rsatoolbox(given: Any, distance: str, what: str) -> Vectors:
    stimuli = _rsatoolbox_stimuli(given.pattern_descriptors, what)
    distance = distance_of(given) or distance
    described = {
        name: [str(one) for one in given.rdm_descriptors[name]]
        for name in (*LEVELS, "layer")
        if name in given.rdm_descriptors
    }
    rdms = _upper(numbers(given.get_vectors(), what, EXPECTED), stimuli, distance, what)
    return Vectors(rdms, stimuli, distance or UNSPECIFIED, described)


def _rsatoolbox_stimuli(described: Mapping[str, Any], what: str) -> list[str] | None:
    """Return the stimuli by `stimulus`, or else by the one descriptor that tells all apart."""
    if "stimulus" in described:
        return labels(described["stimulus"], f"{what}: stimulus")
    other = [list(map(str, some)) for name, some in described.items() if name != "index"]
    telling = [some for some in other if not first_twice(some)]
    return telling[0] if len(telling) == 1 else None
