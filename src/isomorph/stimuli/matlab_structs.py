"""A MATLAB struct array with one image and some fields per stimulus."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.matlab import read_mat
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.pixels import as_rgb
from isomorph.stimuli.stimulus import Pixels, Stimulus
from isomorph.study.stimuli import MatlabStimuli


def list_stimuli(files: DatasetFiles, spec: MatlabStimuli) -> list[Stimulus]:
    """List a stimulus per element of a struct array, in the array's order.

    Parameters
    ----------
    files : DatasetFiles
    spec : MatlabStimuli
        Which file, variable and fields.

    Raises
    ------
    IsomorphError
        When file, variable or field are not there, the variable is not a struct array, an image is
        not one, or a field is neither a text nor numbers.
    """
    file = files.one(spec.file, "stimuli.file")
    if not spec.prefix or any(sign in spec.prefix for sign in "/\\\0"):
        raise IsomorphError(
            f'{files.where}: stimuli.prefix: "{spec.prefix}" cannot begin a file\'s name; use '
            "letters, digits and underscores"
        )
    elements = read_struct(file, spec.variable)
    where = f"{file}: {spec.variable}"
    for name in (spec.image, *spec.fields):
        if name not in (elements.dtype.names or ()):
            raise IsomorphError(
                f'{where}: no field "{name}", {did_you_mean(name, elements.dtype.names or ())}'
            )
    digits = max(2, len(str(len(elements))))
    columns = {name: flatten_field(elements[name], f"{where}.{name}") for name in spec.fields}
    described = {key: values for column in columns.values() for key, values in column.items()}
    return [
        Stimulus(
            name=f"{spec.prefix}_{place + 1:0{digits}}",
            pixels=partial(to_pixels, image, f"{where}({place + 1}).{spec.image}"),
            described={key: values[place] for key, values in described.items()},
        )
        for place, image in enumerate(elements[spec.image])
    ]


def read_struct(file: Path, variable: str) -> npt.NDArray[Any]:
    """Read a struct array from a MATLAB file, flattened in MATLAB's order.

    Parameters
    ----------
    file : Path
        A `.mat` file of version 7 or older.
    variable : str
        Name of the struct array.

    Returns
    -------
    array of records of shape (element,)

    Raises
    ------
    IsomorphError
        When the file cannot be read or does not hold that variable as a struct array.
    """
    found = read_mat(file, [variable])[variable]
    if found.dtype.names is None:
        raise IsomorphError(f"{file}: {variable} is {found.dtype}, not a struct array")
    flat: npt.NDArray[Any] = found.ravel(order="F")
    return flat


def flatten_field(values: npt.NDArray[np.object_], where: str) -> dict[str, list[object]]:
    """Return a field as columns: one for a text or a number, one per entry for a vector.

    Parameters
    ----------
    values : array of object of shape (element,)
        What `read_mat` read.
    where : str
        File, variable and field, for messages; the last part after a dot names the columns.

    Returns
    -------
    dict of str to list
        `<field>`, or `<field>_1`, `<field>_2`, …

    Raises
    ------
    IsomorphError
        When elements differ in length, or are neither text nor numbers.
    """
    name = where.rpartition(".")[2]
    entries = [np.asarray(value).ravel(order="F") for value in values]
    for place, entry in enumerate(entries):
        if entry.dtype.kind not in "Ubiuf":
            raise IsomorphError(
                f"{where}: of stimulus {place + 1} is {entry.dtype}, neither text nor numbers; "
                "leave it out of stimuli.fields"
            )
    texts = [entry for entry in entries if entry.dtype.kind == "U"]
    if texts:  # an empty text comes as an array without entries
        if any(entry.dtype.kind != "U" and entry.size for entry in entries):
            raise IsomorphError(f"{where}: is text for some stimuli and numbers for others")
        return {name: [str(entry[0]).strip() if entry.size else "" for entry in entries]}
    lengths = {len(entry) for entry in entries}
    if len(lengths) != 1 or 0 in lengths:
        raise IsomorphError(
            f"{where}: has {sorted(lengths)} numbers per stimulus, expected as many for each"
        )
    matrix = np.stack(entries)
    if matrix.shape[1] == 1:
        return {name: matrix[:, 0].tolist()}
    return {f"{name}_{place + 1}": column.tolist() for place, column in enumerate(matrix.T)}


def to_pixels(image: npt.NDArray[Any], where: str) -> Pixels:
    """Return an image as MATLAB keeps it as RGB.

    Parameters
    ----------
    image : array of shape (row, column) or (row, column, 3)
        uint8, or floating-point in [0, 1].
    where : str
        File, variable and field, for messages.

    Raises
    ------
    IsomorphError
        When it is anything else.
    """
    colour = image.ndim == 3 and image.shape[2] == 3
    if not (colour or image.ndim == 2) or image.size == 0:
        raise IsomorphError(
            f"{where}: is of shape {image.shape}, expected (height, width, 3) or (height, width)"
        )
    if image.dtype.kind == "f" and image.min() >= 0 and image.max() <= 1:
        image = np.rint(image * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise IsomorphError(
            f"{where}: holds {image.dtype}, expected uint8, or floating-point in [0, 1]"
        )
    return as_rgb(Image.fromarray(np.ascontiguousarray(image)), where)
