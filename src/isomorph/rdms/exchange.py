"""RDMs to and from `rsatoolbox.rdm.RDMs`, the field's common format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.rdms.collecting import brain_rdms, model_rdms
from isomorph.rdms.collection import distances_of, each_rdm, indexed
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.named import first_twice
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow
from isomorph.responses.times import EDGES

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

NAMED = {
    "squared euclidean": "squared_euclidean",
    "squared mahalanobis": "mahalanobis",
    "poisson": "poisson_kl",
    "poisson_cv": "crossvalidated_poisson_kl",
}
"""Distances by what rsatoolbox calls them, where that is not their name here."""


def distance_of(rdms: RDMs) -> str:
    """Return the distance that RDMs of rsatoolbox say they are of; empty where they do not."""
    said = str(rdms.dissimilarity_measure or "").lower()
    name = NAMED.get(said, said)
    return name if name in DISTANCES else ""


def to_rsatoolbox(data: xr.Dataset, distance: str | None = None) -> RDMs:
    """Return RDMs of one distance as rsatoolbox knows them.

    Parameters
    ----------
    data : Dataset
        As `isomorph.rdm` gives it, or `isomorph.load` from a file.
    distance : str, optional
        Which distance; needed only where there are several.

    Returns
    -------
    rsatoolbox.rdm.RDMs
        One for every RDM there is, time bins and draws of units too. Rdm descriptors are the
        coordinates: `region` and `subject`, or `model` and `layer`, `n_units`, `time_start`, …

    Raises
    ------
    IsomorphError
        When there are several distances and none was named, or no RDMs at all.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> iso.to_rsatoolbox(iso.rdm(np.random.default_rng(0).random((6, 9)))).n_cond
    6
    """
    from rsatoolbox.rdm import RDMs

    if not isinstance(data, xr.Dataset) or not (known := sorted(distances_of(data))):
        raise IsomorphError(
            f"expected RDMs as isomorph.rdm or isomorph.load gives them, got {_said(data)}"
        )
    if distance is None and len(known) > 1:
        raise IsomorphError(f"the RDMs are of several distances, name one of: {', '.join(known)}")
    name, data = distance or known[0], indexed(data)
    if name not in known:
        raise IsomorphError(f"no RDMs of {name}, {did_you_mean(name, known)}")
    each = each_rdm(data, name)
    return RDMs(
        np.stack([rdm for _, rdm in each]),
        dissimilarity_measure=name,
        rdm_descriptors={key: [told[key] for told, _ in each] for key in each[0][0]},
        pattern_descriptors={"stimulus": data["stimulus"].values.tolist()},
    )


def _said(given: object) -> str:
    if isinstance(given, xr.Dataset):
        return f"a Dataset {'with' if distances_of(given) else 'without'} distances"
    return f'"{given}"' if isinstance(given, str | Path) else type(given).__name__


def from_rsatoolbox(rdms: RDMs, distance: str | None = None) -> xr.Dataset:
    """Return rsatoolbox RDMs as a dataset of our own.

    Parameters
    ----------
    rdms : rsatoolbox.rdm.RDMs
        With a pattern descriptor `stimulus`. With the rdm descriptor `layer` they are those of the
        layers of a `model`; else of brains, by `region`, `subject` (without it they are numbered),
        `session` and time bin (`time_start` and `time_stop`). `depth` and `n_units` are kept.
    distance : str, optional
        Name of the distance in our registry; what the RDMs say unless given.

    Returns
    -------
    Dataset
        As `isomorph.rdm` gives it.

    Raises
    ------
    IsomorphError
        When these are no RDMs of rsatoolbox, the pattern descriptor is missing or names a stimulus
        twice, the distance is not known, or descriptors do not tell two RDMs apart.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> data = iso.rdm(np.random.default_rng(0).random((6, 9)), region="IT", subject="m1")
    >>> again = iso.from_rsatoolbox(iso.to_rsatoolbox(data))
    >>> np.array_equal(again["correlation"], data["correlation"])
    True
    >>> again["region"].item(), again["subject"].item()
    ('IT', 'm1')
    """
    if not hasattr(rdms, "pattern_descriptors") or not hasattr(rdms, "rdm_descriptors"):
        raise IsomorphError(f"expected RDMs of rsatoolbox, got {_said(rdms)}")
    distance = distance or distance_of(rdms)
    if not distance:
        raise IsomorphError(
            f'the RDMs are of "{rdms.dissimilarity_measure}", which is not a distance known here; '
            "name the one they are of: distance=..."
        )
    if "stimulus" not in rdms.pattern_descriptors:
        raise IsomorphError(
            'the RDMs have no pattern descriptor "stimulus" to name their stimuli, only '
            f"{', '.join(rdms.pattern_descriptors) or 'none'}; copy the one that does: "
            'rdms.pattern_descriptors["stimulus"] = rdms.pattern_descriptors[...]'
        )
    stimuli = [str(name) for name in rdms.pattern_descriptors["stimulus"]]
    if twice := first_twice(stimuli):
        raise IsomorphError(f'the RDMs name the stimulus "{twice}" twice, expected each once')
    told: dict[str, list[Any]] = {key: list(some) for key, some in rdms.rdm_descriptors.items()}
    vectors = rdms.get_vectors()
    n_units, depth = (
        [None if key not in told else int(told[key][place]) for place in range(len(vectors))]
        for key in ("n_units", "depth")
    )
    if "layer" in told:
        layers = [
            LayerRdm(str(layer), distance, vector, depth=depth[place], n_units=n_units[place])
            for place, (layer, vector) in enumerate(zip(told["layer"], vectors, strict=True))
        ]
        return model_rdms(str(told.get("model", [""])[0]), layers, stimuli)
    times, bins = None, np.zeros(len(vectors), dtype=int)
    if set(EDGES) <= set(told):
        edges = np.array([told[edge] for edge in EDGES], dtype=float).T
        times, bins = np.unique(edges, axis=0, return_inverse=True)
        times = times if len(times) > 1 else times[0]
    rows = [
        RdmRow(
            str(told["region"][place]) if "region" in told else "",
            str(told["subject"][place]) if "subject" in told else str(place + 1),
            distance,
            vector,
            session=str(told["session"][place]) if "session" in told else None,
            time=int(bins.ravel()[place]),
            n_units=n_units[place],
        )
        for place, vector in enumerate(vectors)
    ]
    return brain_rdms(rows, stimuli, times=times)
