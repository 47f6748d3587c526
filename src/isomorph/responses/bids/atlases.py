"""Atlases: parcellations of a template, as nilearn fetches them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.archives.held import held
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import reading
from isomorph.foreign.brain_images import open_image
from isomorph.foreign.entities import parse
from isomorph.registry import Registry
from isomorph.responses.bids.bold import grid_of
from isomorph.responses.bids.labels import Marks, nearest, on_hemisphere
from isomorph.responses.places import SIDES, Grid, Place
from isomorph.study.bids import AtlasRegions

Array = npt.NDArray


@dataclass(frozen=True)
class Atlas:
    """How nilearn calls an atlas.

    Attributes
    ----------
    fetcher : str
        Its function in `nilearn.datasets`.
    space : str
        How names of BOLD files in the atlas' space begin: `space-<this>`.
    options : mapping
        What may be chosen, each with what is chosen unless the dataset's file says otherwise.
    surface : bool
        Whether it labels the vertices of two hemispheres and not voxels.
    """

    fetcher: str
    space: str = "MNI"
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    surface: bool = False


ATLASES: Registry[Atlas] = Registry(
    "atlas",
    {
        "destrieux_surf": Atlas("fetch_atlas_surf_destrieux", "fsaverage5", surface=True),
        "harvard_oxford": Atlas(
            "fetch_atlas_harvard_oxford",
            options={"atlas_name": "cort-maxprob-thr25-2mm", "symmetric_split": False},
        ),
        "juelich": Atlas(
            "fetch_atlas_juelich",
            options={"atlas_name": "maxprob-thr25-2mm", "symmetric_split": False},
        ),
        "aal": Atlas("fetch_atlas_aal", options={"version": "3v2"}),
        "schaefer_2018": Atlas(
            "fetch_atlas_schaefer_2018",
            options={"n_rois": 400, "yeo_networks": 7, "resolution_mm": 2},
        ),
    },
)


def atlas_marks(
    settings: AtlasRegions, place: Place, bold: Path, folder: Path
) -> tuple[list[Marks], dict[str, int]]:
    """Return the labels of an atlas at the units of a run.

    Parameters
    ----------
    settings : AtlasRegions
        Which atlas.
    place : Place
        Where the units are.
    bold : Path
        A run, whose name says its space.
    folder : Path
        Where atlases stand; what is not there is downloaded to it.

    Returns
    -------
    marks : list of Marks
    noted : dict of str to int
        That units stand in a template which is not the atlas' own, with their number.

    Raises
    ------
    IsomorphError
        When the run is in another space, an option is unknown, or the atlas cannot be had.
    """
    atlas, space = checked(settings, place, bold)
    found = fetch(settings, folder)
    where = folder / settings.atlas
    names = {
        int(key): str(name) for key, name in zip(found.lut["index"], found.lut["name"], strict=True)
    }
    if atlas.surface:
        return [
            on_hemisphere(where, side, np.asarray(found[f"map_{side}"]), names, place)
            for side in SIDES
        ], {}
    assert isinstance(place, Grid)
    image = open_image(Path(found.maps)) if isinstance(found.maps, str | Path) else found.maps
    with reading(where, "an atlas"):
        stored = np.asarray(image.dataobj)
    values = nearest(stored, grid_of(image), place).ravel()
    template = str(found.get("template", "MNI?"))
    noted = {} if template == space else {f"voxels in {space}, atlas in {template}": len(place)}
    return [Marks(where, values, np.ones(len(place), dtype=bool), names)], noted


def checked(settings: AtlasRegions, place: Place, bold: Path) -> tuple[Atlas, str]:
    """Return an atlas and the space of a run, which is the atlas' own.

    Parameters
    ----------
    settings : AtlasRegions
        Which atlas.
    place : Place
        Where the units are.
    bold : Path
        A run, whose name says its space.

    Raises
    ------
    IsomorphError
        When the run is in another space or on no such place, or an option is unknown.
    """
    atlas = ATLASES[settings.atlas]
    space = settings.space or str(parse(bold).entities.get("space", ""))
    if not space.startswith(atlas.space):
        is_in = f"is in space {space}" if space else "its name says no space"
        raise IsomorphError(
            f"{bold}: {is_in}, the atlas {settings.atlas} is in {atlas.space}; name BOLD of that "
            "space in responses.bold, or another kind of responses.regions"
        )
    if not atlas.surface and not isinstance(place, Grid):
        raise IsomorphError(
            f"{bold}: has {place}, the atlas {settings.atlas} is of volumes; name volumes in "
            "responses.bold, or an atlas of surfaces"
        )
    _refuse_options(settings)
    return atlas, space


def _refuse_options(settings: AtlasRegions) -> None:
    known = ATLASES[settings.atlas].options
    for option in settings.options:
        if option not in known:
            raise IsomorphError(
                f"responses.regions.options: {settings.atlas} has no option "
                f'"{option}", {did_you_mean(option, known)}'
            )


def fetch(settings: AtlasRegions, folder: Path) -> Any:
    """Return an atlas as nilearn does, downloaded where it is not in the folder.

    Raises
    ------
    IsomorphError
        When an option is unknown, or the atlas cannot be had.
    """
    atlas = ATLASES[settings.atlas]
    _refuse_options(settings)
    own = folder / settings.atlas
    own.mkdir(parents=True, exist_ok=True)
    options = {**atlas.options, **settings.options}
    with reading(own, f"the atlas {settings.atlas}; delete its files to download them again"):
        found = _fetched(atlas, own, options, settings.atlas)
    if str(found.atlas_type) != "deterministic":
        raise IsomorphError(
            f"responses.regions.options: {settings.atlas} with {options} has a probability per "
            "label, expected an atlas of one label per voxel, such as maxprob"
        )
    return found


def _fetched(atlas: Atlas, own: Path, options: Mapping[str, Any], name: str) -> Any:
    import nilearn.datasets

    try:
        with held(own.parent / f".{name}.part", time.sleep), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about labels, which are checked where asked for
            return getattr(nilearn.datasets, atlas.fetcher)(data_dir=str(own), verbose=0, **options)
    except (ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        raise IsomorphError(f"responses.regions.options: {name}: {said}") from error
    except OSError as error:
        raise IsomorphError(
            f"{own}: the atlas {name} is not there and cannot be downloaded "
            f"({type(error).__name__}); put its files there as nilearn lays them out, or give "
            "labels or masks of your own in responses.regions, which need no network"
        ) from error


def atlas_files(settings: AtlasRegions, folder: Path) -> list[Path]:
    """Return the files of an atlas there are, for provenance."""
    own = folder / settings.atlas
    return sorted(file for file in own.rglob("*") if file.is_file())
