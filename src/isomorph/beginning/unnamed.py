"""What is missing beside arrays of responses, so that a study could be begun from them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import PurePosixPath

from isomorph.beginning.array_axes import ENDINGS, orders, rows_of
from isomorph.beginning.images import ids_of_all
from isomorph.beginning.place import Place
from isomorph.beginning.tables import Tables, tables_of
from isomorph.errors import IsomorphError
from isomorph.responses.named_arrays import read_variables

MOST = 3
"""Tables, or names, that a message shows."""


def lacking(place: Place) -> str:
    """Say what names no axis of the first array here, '' where there is no array.

    Parameters
    ----------
    place : Place
    """
    tables = tables_of(place)
    for path in place.ending(*ENDINGS):
        try:
            arrays = read_variables(place.at(path), fields=True)
        except IsomorphError as error:
            return str(error)
        several = {name: shape for name, shape in arrays.of_numbers().items() if len(shape) > 1}
        if not several:
            continue
        name, shape = max(several.items(), key=lambda one: math.prod(one[1]))
        held = f"{path} holds {name} ({_by(shape)})"
        pictures = sorted(ids_of_all(place))
        if not pictures:
            return f"{held}, but no images are here; name the folder that holds both"
        if not any(True for _ in orders(shape)):
            return f"{held}, which has {len(shape)} axes; write its study by hand"
        for axes in orders(shape):
            size = dict(zip(axes, shape, strict=True))
            shown = rows_of(place, path, arrays, tables, size["presentation"])
            if shown is not None:
                by = shown[1] or shown[0].column
                return f"{held}, {by} says what was shown, but {_of_units(size)}"
        longest = ", ".join(_long(tables))
        return (
            f"{held}, but nothing names an image for each place along an axis of it: no table here "
            f"has as many rows, and names such as {', '.join(pictures[:MOST])} in a column"
            + (f" ({longest})" if longest else "")
        )
    return ""


def _of_units(size: dict[str, int]) -> str:
    if "unit" not in size:
        grid = _by([size[axis] for axis in ("x", "y", "z")])
        return f"no mask of {grid} voxels (.nii, .nii.gz) says where regions are"
    if "time" in size:
        return (
            f"its time bins and units are not named: a table with columns time_start and time_stop "
            f"and {size['time']} rows, and one with a column region and {size['unit']} rows"
        )
    return (
        f"nothing says of which region its {size['unit']} units are: a table with a column region "
        f"and {size['unit']} rows, or a variable region in the file"
    )


def _by(shape: Iterable[int]) -> str:
    return " × ".join(f"{n:,}" for n in shape)


def _long(tables: Tables) -> list[str]:
    """Say how many rows some tables have, the longest first."""
    ordered = sorted(tables, key=lambda one: -len(tables[one]))
    return [f"{PurePosixPath(one).name} has {len(tables[one]):,}" for one in ordered[:MOST]]
