"""Data kept in the page, read as a browser reads it."""

import base64
import gzip
import json

import numpy as np


def opened(text):
    """Return the header and the arrays of a bundle."""
    whole = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(whole[:4], "little")
    header = json.loads(whole[4 : 4 + length])
    start = 4 + length
    assert start % 8 == 0
    return header, {
        name: np.frombuffer(
            whole, one["kind"], int(np.prod(one["shape"])), start + one["offset"]
        ).reshape(one["shape"])
        for name, one in header["arrays"].items()
    }
