"""What a study can be begun from, each kind an entry: how it is recognised, how it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from isomorph.beginning.draft import Draft
from isomorph.beginning.place import Place
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.registry import Registry, lazily


@dataclass(frozen=True)
class Kind:
    """A layout of recordings that a study can be begun from.

    Attributes
    ----------
    title : str
        What it is, for whoever has something else.
    recognise : callable
        Says what of it is in a place, '' for nothing. Names of files, and headers, suffice.
    draft : callable
        Looks at it and returns the study.
    adds : bool
        Whether it is a model of whatever recording stands beside it.
    """

    title: str
    recognise: Callable[[Place], str]
    draft: Callable[[Place], Draft]
    adds: bool = False


KINDS: Registry[Kind] = Registry(
    "kind of recording",
    {
        "nwb": Kind(
            "NWB recordings of sorted units or fluorescence (*.nwb)",
            lazily("isomorph.beginning.nwb:recognise"),
            lazily("isomorph.beginning.nwb:draft"),
        ),
        "bids": Kind(
            "a BIDS folder, raw or of fMRIPrep (sub-*/func/*_bold.nii.gz, *_events.tsv)",
            lazily("isomorph.beginning.bids:recognise"),
            lazily("isomorph.beginning.bids:draft"),
        ),
        "epochs": Kind(
            "EEG or MEG laid out as BIDS (sub-*/eeg/*_eeg.*, *_events.tsv)",
            lazily("isomorph.beginning.epochs:recognise"),
            lazily("isomorph.beginning.epochs:draft"),
        ),
        "arrays": Kind(
            "arrays of responses (npy, npz, mat, HDF5, netCDF) beside images, with tables, arrays "
            "or masks that name their axes",
            lazily("isomorph.beginning.arrays:recognise"),
            lazily("isomorph.beginning.arrays:draft"),
        ),
        "betas": Kind(
            "ready betas (*beta*.nii.gz, *beta*.dscalar.nii) beside masks and images",
            lazily("isomorph.beginning.betas:recognise"),
            lazily("isomorph.beginning.betas:draft"),
        ),
        "rdms": Kind(
            "ready RDMs (npy, npz, mat, HDF5, netCDF, CSV) beside their images",
            lazily("isomorph.beginning.rdms:recognise"),
            lazily("isomorph.beginning.rdms:draft"),
        ),
        "features": Kind(
            "features of the stimuli (npy, npz, mat, HDF5, netCDF, safetensors) beside a recording",
            lazily("isomorph.beginning.features:recognise"),
            lazily("isomorph.beginning.features:draft"),
            adds=True,
        ),
    },
)
"""Kinds by the names that `--as` takes."""


def kind_in(place: Place, asked: str | None) -> str:
    """Return the kind of recording that stands in a place.

    Parameters
    ----------
    place : Place
    asked : str or None
        The kind that is meant where there are several.

    Raises
    ------
    IsomorphError
        When there is none, or several and none is asked for, or not the one asked for.
    """
    if asked is not None and asked not in KINDS:
        raise IsomorphError(f"--as {asked}: unknown kind, {did_you_mean(asked, KINDS)}")
    found = {name: said for name, one in KINDS.items() if (said := one.recognise(place))}
    if place.only and found and all(KINDS[name].adds for name in found):
        around = replace(
            place, only="", files=tuple(one for one in place.files if one != place.only)
        )
        found |= {name: said for name, one in KINDS.items()
                  if not one.adds and (said := one.recognise(around))}  # fmt: skip
    where = f"--from {place.folder / place.only}"
    if asked is not None:
        if asked not in found:
            here = ", ".join(f"{said} ({name})" for name, said in found.items()) or "nothing known"
            raise IsomorphError(f"{where} --as {asked}: holds no such thing, but {here}")
        return asked
    recordings = {name: said for name, said in found.items() if not KINDS[name].adds}
    found = recordings or found
    if len(found) > 1:
        both = " and ".join(found.values())
        raise IsomorphError(
            f"{where}: holds {both}; say which is the recording with --as {' or --as '.join(found)}"
        )
    if not found:
        known = "; ".join(f"{name}: {one.title}" for name, one in KINDS.items())
        raise IsomorphError(f"{where}: holds nothing known among {len(place.files)} files; "
                            f"a study can be begun from {known}")  # fmt: skip
    return next(iter(found))
