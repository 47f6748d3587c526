"""What the library saves, read back: results in folders, and any file that isomorph wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr

from isomorph.artefacts import (
    BY_SESSION,
    Provenance,
    artefact_kind,
    provenance,
    read_array,
    read_table,
    replacing,
    write_table,
)
from isomorph.catalogue import ARRAYS, TABLES
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.inference.members import ModelFamily
from isomorph.inference.result import Result
from isomorph.rdms.collection import indexed
from isomorph.study import Inference

HEAD = "result.json"
"""Stands beside the tables of a saved result: what they are and what they were computed under."""


def save(result: Result, folder: Path | str) -> Path:
    """Write the tables of a result and its settings into a folder.

    Parameters
    ----------
    result : Result
        What `isomorph.compare` and its like gave.
    folder : path
        Made where it is not there; a result that was saved there before is replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    IsomorphError
        When the disk refuses.

    Examples
    --------
    >>> import tempfile, numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> brain = [iso.rdm(rng.standard_normal((8, 20)), subject=s) for s in "ab"]
    >>> folder = iso.save(iso.noise_ceiling(brain, resamples=20), tempfile.mkdtemp())
    >>> iso.load(folder).kind
    'ceiling'
    """
    if not isinstance(result, Result):
        plain = 'data.reset_index("representation").to_netcdf(path)'
        raise IsomorphError(
            f"save: {type(result).__name__} is not a result, expected what isomorph.compare gave"
            + (f"; RDMs of regions are written by {plain}" if _is_regions(result) else "")
        )
    folder = path_given(folder, "folder")
    head = {
        "kind": result.kind,
        "tables": list(result.tables),
        "inference": result.inference.model_dump(mode="json"),
        "models": [asdict(one) for one in result.models],
        "left_out": list(result.left_out),
    }
    stamp = provenance("library", settings=head, seed=result.inference.seed)
    before = _read_head(folder / HEAD)["tables"] if (folder / HEAD).is_file() else []
    for kind in set(before) - set(result.tables):  # of another result that was saved here
        for ending in ("csv", "json", "parquet"):
            (folder / f"{kind}.{ending}").unlink(missing_ok=True)
    for kind, table in result.tables.items():
        write_table(folder / f"{kind}.csv", table, kind, stamp)
    with replacing(folder / HEAD) as temporary:
        temporary.write_text(stamp.to_json() + "\n", encoding="utf-8")
    return folder


def _is_regions(given: object) -> bool:
    return isinstance(given, xr.Dataset) and "representation" in given.indexes


def load(path: Path | str) -> Any:
    """Read a file that isomorph wrote, or a folder that `save` wrote, checked against its seal.

    Parameters
    ----------
    path : path
        An artefact of the pipeline, `.nc` or `.csv`, or the folder of a saved result.

    Returns
    -------
    Dataset, mapping of str to Dataset, DataFrame, or Result
        RDMs, activations and representations are datasets, RDMs with their index; responses are
        datasets by session; tables are tables.

    Raises
    ------
    IsomorphError
        When there is no such file, it is none of isomorph's, or not as it was written.

    Examples
    --------
    >>> import isomorph as iso
    >>> iso.load("nothing.csv")
    Traceback (most recent call last):
        ...
    isomorph.errors.IsomorphError: nothing.csv: no such file
    """
    path = path_given(path, "path")
    if path.is_dir():
        return _saved(path)
    if not path.is_file():
        raise IsomorphError(f"{path}: no such file")
    if path.suffix == ".nc":
        return array_in(path)
    if path.suffix == ".csv" and path.stem in TABLES:
        return read_table(path, path.stem)
    raise IsomorphError(
        f"{path}: is not a file that isomorph reads back; expected .nc, or a table such as "
        "comparisons.csv"
    )


def path_given(given: Any, what: str) -> Path:
    """Return a path, refusing what is none."""
    if not isinstance(given, str | PathLike) or not str(given):
        raise IsomorphError(f"{what}: is {type(given).__name__}, expected a path")
    return Path(given)


def array_in(path: Path) -> Any:
    """Return what a netCDF file of isomorph holds."""
    kind = artefact_kind(path)
    if kind in BY_SESSION:
        return BY_SESSION[kind](path)
    if kind not in ARRAYS:
        raise IsomorphError(
            f"{path}: is not an artefact of isomorph, it says {kind or 'nothing'} of itself"
        )
    data = read_array(path, kind)
    return indexed(data) if kind == "rdms" else data


def _saved(folder: Path) -> Result:
    """Read what `save` wrote."""
    file = folder / HEAD
    if not file.is_file():
        raise IsomorphError(
            f"{folder}: holds no {HEAD}, so it is not a saved result; of the results of a study "
            "isomorph.open_results opens the folder"
        )
    with reading(file, "the head of a saved result"):
        head = _read_head(file)
    return Result(
        head["kind"],
        {kind: read_table(folder / f"{kind}.csv", kind) for kind in head["tables"]},
        Inference.model_validate(head["inference"]),
        tuple(ModelFamily(**{**one, "instances": tuple(one["instances"])})
              for one in head["models"]),
        tuple(head["left_out"]),
    )  # fmt: skip


def _read_head(file: Path) -> Mapping[str, Any]:
    """Return what a saved result says of itself, as it was written."""
    try:
        return Provenance.from_json(file.read_text(encoding="utf-8")).settings
    except IsomorphError as error:
        raise IsomorphError(f"{file}: {error}") from error
