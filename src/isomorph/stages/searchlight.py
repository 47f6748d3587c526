"""The tool `searchlight`: a similarity map of one layer of a model in one brain."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isomorph.artefacts import provenance, read_array, read_responses, replacing
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference.similarity_map import similarity_map
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import require_jobs
from isomorph.measures import MEASURES, Floats
from isomorph.rdms.collection import available, indexed
from isomorph.rdms.level import regrouped
from isomorph.rdms.paired import asked_distances, of_brain, of_layers, refuse_unknown
from isomorph.rdms.spheres import Volume, spheres, volume_of
from isomorph.responses.division import recordings_of
from isomorph.saying import say
from isomorph.stages.levels import read_level


@dataclass(frozen=True)
class Search:
    """How a brain is searched.

    Attributes
    ----------
    radius : float
        Of the spheres, millimetres.
    minimum : int
        Voxels a sphere must have.
    distance, measure : str or None
        The study's first unless given.
    """

    radius: float = 8.0
    minimum: int = 20
    distance: str | None = None
    measure: str | None = None


def run(
    layout: Layout, dataset: str, subject: str, instance: str, layer: str, search: Search
) -> Path:
    """Write the map of one subject and one layer, its provenance as JSON beside it.

    Returns
    -------
    Path
        A NIfTI volume on the grid of the responses, NaN where there is no sphere.

    Raises
    ------
    IsomorphError
        When responses have no place in a volume, the layer has no RDM, or no sphere has one.
    """
    study, spec = layout.study, layout.study.dataset(dataset)
    study.refuse_stranger(dataset, subject)
    (distance,) = asked_distances(search.distance or study.spec.distances[0])
    refuse_unknown(distance)
    measure = MEASURES[search.measure or study.spec.measures[0]]
    if not measure.accepts(distance):
        raise IsomorphError(
            f"{study.path}: {measure.name} takes no RDM of {distance}; choose another with "
            "--measure or --distance"
        )
    file, model_file = layout.responses(dataset, subject), layout.model_rdms(dataset, instance)
    owner = study.stimulus_set(dataset)
    require_jobs(
        layout, [Job("responses", (dataset, subject)), Job("model_rdms", (owner, instance))]
    )
    rdm = layer_rdm(model_file, layer, of_layers(distance))
    level = read_level(layout, dataset)
    recorded = recordings_of(read_responses(file), spec.responses)
    sessions = {name: regrouped(one, level) for name, one in recorded.items()}
    volume = volume_of(sessions, level.names, spec.transform, str(file))
    around = spheres(volume.positions, search.radius, search.minimum)
    values, left_out = similarity_map(volume, around, rdm, of_brain(distance), measure, spec.noise)
    found = int(np.isfinite(values).sum())
    told = ", ".join(f"{reason}: {count}" for reason, count in left_out.items() if count)
    if not found:
        raise IsomorphError(
            f"{file}: no sphere of {search.radius:g} mm has an RDM ({told}); a larger --radius or "
            "a smaller --minimum may have"
        )
    path = layout.searchlight(dataset, subject, instance, layer)
    stamp = provenance(
        "searchlight",
        inputs=[file, model_file],
        settings={
            "model": instance, "layer": layer, "distance": distance, "measure": measure.name,
            "radius": search.radius, "minimum": search.minimum, "transform": spec.transform,
            "noise": spec.noise.model_dump(mode="json"), "level": study.level(dataset),
            "simulated": spec.simulated, "spheres": found, "left_out": dict(left_out),
        },
        code=code_digest("isomorph.stages.searchlight"),
    )  # fmt: skip
    with replacing(path.with_name(path.name.removesuffix(".nii.gz") + ".json")) as temporary:
        temporary.write_text(stamp.to_json() + "\n", encoding="utf-8")
    write_map(path, volume, values)
    said = f"searchlight {dataset} {subject}: {found} spheres of {search.radius:g} mm"
    say(f"{said}{f'; left out {told}' if told else ''}")
    return path


def layer_rdm(file: Path, layer: str, distance: str) -> Floats:
    """Return the RDM of a layer `(pair,)`.

    Raises
    ------
    IsomorphError
        When the file has none, naming those it has.
    """
    data = indexed(read_array(file, "rdms"))
    known = data["layer"].values[available(data, distance)].tolist() if distance in data else []
    if layer not in known:
        raise IsomorphError(
            f'{file}: no layer "{layer}" with distance {distance}, {did_you_mean(layer, known)}'
        )
    rdm: Floats = data[distance].sel(layer=layer).values
    return rdm


def write_map(path: Path, volume: Volume, values: Floats) -> None:
    """Write a value of every voxel as a NIfTI volume; the same values give the same bytes."""
    from nibabel import Nifti1Image

    grid = np.full(volume.shape, np.nan, dtype=np.float32)
    grid[volume.places()] = values
    image = Nifti1Image(grid, volume.affine)
    image.header.set_xyzt_units("mm")
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(image.to_bytes(), mtime=0))
