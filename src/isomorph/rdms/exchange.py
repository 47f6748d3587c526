"""RDMs to and from `rsatoolbox.rdm.RDMs`, the field's common format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from isomorph.artefacts import read_array
from isomorph.errors import IsomorphError
from isomorph.rdms.table import RdmRow, rdm_dataset

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

TEXT = ("representation", "region", "subject", "session", "model", "layer")


def to_rsatoolbox(source: Path | str | xr.Dataset, distance: str | None = None) -> RDMs:
    """Return RDMs of one distance as rsatoolbox knows them.

    Parameters
    ----------
    source : path or Dataset
        An `rdms/*.nc` file or what was read from it.
    distance : str, optional
        Which distance; needed only when the file holds several.

    Raises
    ------
    IsomorphError
        When the file holds several distances and none was named.
    """
    from rsatoolbox.rdm import RDMs

    data = source if isinstance(source, xr.Dataset) else read_array(Path(source), "rdms")
    known = sorted(set(data["distance"].values.tolist()))
    if distance is None and len(known) > 1:
        raise IsomorphError(f"the file holds several distances, name one of: {', '.join(known)}")
    chosen = data.isel(representation=(data["distance"] == (distance or known[0])).values)
    return RDMs(
        chosen["rdm"].values,
        dissimilarity_measure=distance or known[0],
        rdm_descriptors={name: chosen[name].values.tolist() for name in TEXT},
        pattern_descriptors={"stimulus": data["stimulus"].values.tolist()},
    )


def from_rsatoolbox(rdms: RDMs, distance: str) -> xr.Dataset:
    """Return rsatoolbox RDMs as a dataset of our own.

    Parameters
    ----------
    rdms : rsatoolbox.rdm.RDMs
        With a pattern descriptor `stimulus`; rdm descriptors `region`, `subject`, … are kept.
    distance : str
        Name of the distance in our registry.

    Raises
    ------
    IsomorphError
        Without the pattern descriptor.
    """
    if "stimulus" not in rdms.pattern_descriptors:
        raise IsomorphError('the RDMs have no pattern descriptor "stimulus" to name their stimuli')
    stimuli = [str(name) for name in rdms.pattern_descriptors["stimulus"]]
    described = {name: rdms.rdm_descriptors.get(name, [""] * rdms.n_rdm) for name in TEXT}
    rows = []
    for index, vector in enumerate(rdms.get_vectors()):
        representation, region, subject, session, model, layer = (
            str(described[name][index]) for name in TEXT
        )
        rows.append(
            RdmRow(
                representation=representation,
                distance=distance,
                rdm=vector,
                region=region,
                subject=subject,
                session=session,
                model=model,
                layer=layer,
            )
        )
    return rdm_dataset(rows, stimuli, {})
