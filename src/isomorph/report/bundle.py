"""Data kept in the page: a header and arrays as one compressed text, which `data.js` opens."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

ALIGNED = 8
"""Arrays start at multiples of this many bytes, as typed arrays of a browser must."""

KINDS = ("float32", "int32", "uint16", "uint8")
"""What a browser has typed arrays of, little-endian."""


def bundle(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Return a header and arrays as text for a `<script type="application/gzip">`.

    Parameters
    ----------
    header : mapping
        What JSON can hold; the key `arrays` is taken.
    arrays : mapping of str to ndarray
        Of any shape, of one of `KINDS`.

    Returns
    -------
    str
        Base64 of gzip of: the length of the header in bytes (uint32), the header in JSON with the
        kind, shape and offset of each array, and the arrays. The same bytes for the same data.

    Raises
    ------
    ValueError
        For an array of another kind.
    """
    described, parts, offset = {}, [], 0
    for name, array in arrays.items():
        if array.dtype.name not in KINDS:
            raise ValueError(f"{name}: is {array.dtype.name}, expected one of {', '.join(KINDS)}")
        contents = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        described[name] = {"kind": array.dtype.name, "shape": array.shape, "offset": offset}
        parts.append(contents + bytes(-len(contents) % ALIGNED))
        offset += len(parts[-1])
    text = json.dumps({**header, "arrays": described}, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGNED)
    whole = len(text).to_bytes(4, "little") + text + b"".join(parts)
    return base64.b64encode(gzip.compress(whole, mtime=0)).decode("ascii")
