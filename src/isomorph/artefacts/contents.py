"""What a netCDF file holds, as one sha256 per variable, so that any change in it is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    import xarray as xr


ATTRIBUTES = "attributes"
"""What stands in place of a variable's name for the attributes of a file or a session."""


class Digest:
    """The sha256 of one variable, fed with its values from first to last.

    Text counts by its letters and numbers by their bytes, so that it is the same before a variable
    is written and after it is read. HDF5's own checksums know nothing of text and attributes.

    Parameters
    ----------
    dims : sequence of str
    shape : sequence of int
    dtype : dtype
    attributes : mapping, optional
    """

    def __init__(
        self,
        dims: Iterable[Hashable],
        shape: Iterable[int],
        dtype: np.dtype,
        attributes: Mapping[Any, Any] = MappingProxyType({}),
    ) -> None:
        self._text = dtype.kind not in "biufc"
        kind = "text" if self._text else dtype.newbyteorder("<").str
        if 0 in (shape := list(shape)):
            kind = "nothing"  # which is read as numbers, whatever it was
        self._hash = hashlib.sha256(_json([list(map(str, dims)), shape, kind, dict(attributes)]))

    def update(self, values: NDArray) -> None:
        """Add the next values."""
        if not values.size:
            return
        if self._text:
            words = [str(value) for value in values.ravel().tolist()]
            self._hash.update(_json(words))
            return
        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        if values.dtype.kind == "f" and (missing := np.isnan(values)).any():
            values = np.where(missing, np.array(np.nan, values.dtype), values)  # one NaN for all
        self._hash.update(values.tobytes() if values.ndim == 0 else values.data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def contents_of(data: xr.Dataset, within: str = "") -> dict[str, str]:
    """Return the sha256 of every variable of a dataset and of its attributes, by name.

    Parameters
    ----------
    data : Dataset
        Its attribute `provenance` does not count: it holds these hashes.
    within : str, optional
        What to write before each name: `"<session>/"`.
    """
    found = {}
    for name, variable in data.variables.items():
        digest = Digest(variable.dims, variable.shape, variable.dtype, variable.attrs)
        digest.update(variable.values)
        found[f"{within}{name}"] = digest.hexdigest()
    told = {str(key): value for key, value in data.attrs.items() if key != "provenance"}
    found[f"{within}{ATTRIBUTES}"] = hashlib.sha256(_json(told)).hexdigest()
    return found


def check_contents(found: Mapping[str, str], written: Mapping[str, str], where: str) -> None:
    """Refuse what is not as it was written.

    Parameters
    ----------
    found : mapping of str to str
        Hashes of what was read, of all variables or some.
    written : mapping of str to str
        Those in the provenance of the file.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        Naming the first that differs.
    """
    for name, digest in found.items():
        if written.get(name) != digest:
            raise IsomorphError(f'{where}: "{name}" has changed since the file was written')


def _json(content: Any) -> bytes:
    """Return JSON in which values of numpy and of Python are the same."""
    return json.dumps(
        content, sort_keys=True, default=lambda one: np.asarray(one).tolist()
    ).encode()
